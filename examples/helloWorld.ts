// Callbacks run in the order in which they were added, until one of them stops the loop.

import { getEventLoop } from "mysyncio";

const loop = getEventLoop();
loop.callSoon(console.log, "Hello...");
loop.callSoon(console.log, "... World!");
loop.callSoon(() => loop.stop());
await loop.runForever();
loop.close();
