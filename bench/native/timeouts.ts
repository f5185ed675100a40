/** The error of work that took too long. Created only then, because a stack is expensive. */
export class TooLate extends Error {
  override readonly name = "TooLate";
}

/** As people usually write it: a race against a timer, which is cleared. */
export async function race<T>(delay: number, work: () => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooLate()), delay);
  });
  try {
    return await Promise.race([work(), expiry]);
  } finally {
    clearTimeout(timer);
  }
}

/** The least that a promise with a timer needs: no race, no async function. */
export function withTimer<T>(delay: number, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TooLate()), delay);
    work().then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
