// Answers requests on a platform without threads. A request to "/" runs all checks. A request to
// "/double" calls a `toAsync` function that all requests share.

import { sleep, toAsync } from "mysyncio";
import { check } from "./check.ts";
import { programs } from "./programs.ts";

const double = toAsync(function* (n: number) {
  yield* sleep(n);
  return n * 2;
});

export async function answer(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname.endsWith("/double")) {
    return new Response(String(await double(Number(searchParams.get("n")))));
  }
  return Response.json(await check(programs));
}

export default { fetch: answer };
