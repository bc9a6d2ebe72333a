// Which pictures of a camera are new. In dim light a camera takes fewer than a session sends, and a picture that
// is sent twice shows the service nothing.

import { wait } from "./time.js";

/** Longest wait for a new picture, ms. A camera may stand still, and a browser may stop telling of pictures. */
export const PATIENCE_MS = 400;

export class Pictures {
  #video;
  #shown = 0;
  #taken = 0;
  #waiting = [];
  #tells;

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.#video = video;
    this.#tells = typeof video.requestVideoFrameCallback === "function";
    if (this.#tells) this.#listen();
  }

  #listen() {
    this.#video.requestVideoFrameCallback(() => {
      this.#shown += 1;
      for (const tell of this.#waiting.splice(0)) tell();
      if (this.#tells) this.#listen();
    });
  }

  /** No more pictures are waited for. */
  close() {
    this.#tells = false;
  }

  /**
   * Waits until the video shows a picture that was not taken yet, but not for ever. The picture then counts as taken:
   * of two that wait, the second gets the picture after it.
   *
   * @param {AbortSignal} signal
   */
  async next(signal) {
    if (!this.#tells) return;
    const until = performance.now() + PATIENCE_MS;
    for (let left = PATIENCE_MS; this.#shown === this.#taken && left > 0; left = until - performance.now()) {
      const isShown = new Promise((tell) => this.#waiting.push(tell));
      await Promise.race([isShown, wait(left, signal)]);
    }
    // Some browsers have the function and never call it.
    if (this.#shown === 0) this.close();
    this.#taken = this.#shown;
  }
}
