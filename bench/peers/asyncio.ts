import { startPython } from "./python.ts";

export default await startPython("asyncio");
