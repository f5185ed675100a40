// The program of a page with a search box, searchBox.html. It searches once the user stops typing,
// aborts the request for an outdated text, and tries again when the network fails. A server answers
// GET /search?q=... with a JSON array of strings.

import * as io from "mysyncio";

const input = document.querySelector("input") as HTMLInputElement;
const state = document.querySelector("p") as HTMLElement;
const list = document.querySelector("ul") as HTMLElement;

async function fetchResults(signal: AbortSignal): Promise<string[]> {
  const response = await fetch(`/search?q=${encodeURIComponent(input.value)}`, { signal });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return (await response.json()) as string[];
}

function show(text: string, results: readonly string[]): void {
  state.textContent = text;
  list.replaceChildren(
    ...results.map((result) =>
      Object.assign(document.createElement("li"), { textContent: result }),
    ),
  );
}

function* search() {
  state.textContent = "Searching…";
  try {
    const attempt = () => io.timeout(5_000, () => io.fromPromise(fetchResults));
    const results = yield* io.retry(attempt, { attempts: 3, delay: 100 });
    show(`${results.length} results`, results);
  } catch (error) {
    if (error instanceof io.CancelledError) throw error;
    show(`The search failed: ${error}`, []);
  }
}

const typed = io.debounce(io.events(input, "input"), 200);
await io.run(io.forEach(io.latest(typed, search), function* () {}));
