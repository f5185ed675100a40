// The requests to the servers of the matrix.

const PATIENCE = 30_000;

/**
 * Waits until a server answers at `url`.
 *
 * @param {string} url
 * @param {import("node:child_process").ChildProcess} server
 */
export async function untilServed(url, server) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`The server exited with ${server.exitCode}`);
    try {
      await (await fetch(url, { signal: AbortSignal.timeout(1_000) })).arrayBuffer();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/**
 * The results of apps/worker.ts at `url`, and of concurrent requests that share a `toAsync`
 * function.
 *
 * @param {string} url Without a trailing slash.
 * @returns {Promise<import("./row.mjs").Results>}
 */
export async function resultsOfRequests(url) {
  /** @type {import("./row.mjs").Results} */
  let results;
  try {
    results = JSON.parse(await textOf(`${url}/check`));
  } catch (error) {
    results = { programs: messageOf(error), cancellation: messageOf(error) };
  }
  const numbers = [300, 100, 200, 1, 50];
  const answers = await Promise.all(
    numbers.map((n) => textOf(`${url}/double?n=${n}`).catch(messageOf)),
  );
  const wrong = answers.filter((answer, i) => answer !== String((numbers[i] ?? 0) * 2));
  const requests = wrong.length === 0 ? "ok" : `${wrong.length} of 5 requests at once: ${wrong[0]}`;
  const { concurrent = "ok" } = results;
  return { ...results, concurrent: concurrent === "ok" ? requests : concurrent };
}

/** @param {string} url */
async function textOf(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${text.slice(0, 300)}`);
  return text;
}

/** @param {unknown} error */
function messageOf(error) {
  return String(error);
}

/** A free port on loopback. @returns {Promise<number>} */
export async function freePort() {
  const { createServer } = await import("node:net");
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}
