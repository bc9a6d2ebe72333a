// Waiting that ends at once when its signal is aborted.

/** @param {number} ms @param {AbortSignal} signal @returns {Promise<void>} */
export function wait(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/**
 * A controller that is aborted with its parents. `AbortSignal.any` is missing in phones of 2023.
 *
 * @param {...AbortSignal} parents
 */
export function childOf(...parents) {
  const child = new AbortController();
  for (const parent of parents) {
    if (parent.aborted) child.abort(parent.reason);
    else parent.addEventListener("abort", () => child.abort(parent.reason), { once: true, signal: child.signal });
  }
  return child;
}
