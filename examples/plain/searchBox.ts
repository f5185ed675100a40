// ../searchBox.ts without the package, with async functions and AbortController.

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

function pause(delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, delay);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

async function fetchInTime(newer: AbortSignal): Promise<string[]> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error("too slow")), 5_000);
  try {
    return await fetchResults(AbortSignal.any([newer, deadline.signal]));
  } finally {
    clearTimeout(timer);
  }
}

async function search(newer: AbortSignal): Promise<void> {
  try {
    await pause(200, newer);
    state.textContent = "Searching…";
    for (let left = 2, delay = 100; ; left--, delay *= 2) {
      try {
        const results = await fetchInTime(newer);
        newer.throwIfAborted();
        show(`${results.length} results`, results);
        return;
      } catch (error) {
        if (left === 0 || newer.aborted) throw error;
        await pause(delay, newer);
      }
    }
  } catch (error) {
    if (!newer.aborted) show(`The search failed: ${error}`, []);
  }
}

let current = new AbortController();
input.addEventListener("input", () => {
  current.abort();
  current = new AbortController();
  void search(current.signal);
});

export {}; // a module, with variables of its own
