// The picture of a video at this moment as JPEG: in a worker where the browser can, else in the page.

import { crashesOverBitmaps } from "./support.js";

/** Time after which a worker counts as broken, ms. */
const WORKER_LIMIT_MS = 3_000;

/** The size of a frame: never larger than the camera's, since enlarging adds bytes and no detail. */
export function frameSize(width, height, longerSide) {
  const scale = Math.min(1, longerSide / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

export class Encoder {
  #worker = null;
  #waiting = new Map();
  #next = 0;
  #canvas = null;

  /** @param {URL} base folder of this module's files */
  constructor(base) {
    // A worker's file must be of the page's origin. A `blob:` worker would need a hole in the page's policy.
    if (base.origin !== location.origin || typeof OffscreenCanvas === "undefined" || crashesOverBitmaps()) return;
    try {
      this.#worker = new Worker(new URL("src/encode-worker.js", base));
      this.#worker.onmessage = ({ data: { id, jpeg } }) => this.#settle(id, jpeg);
      this.#worker.onerror = () => this.#giveUpWorker();
    } catch {
      // The page's policy has no `worker-src` for it.
      this.#worker = null;
    }
  }

  /** Whether pictures are encoded off the main thread. */
  get isOffThread() {
    return this.#worker !== null;
  }

  /**
   * @param {HTMLVideoElement} video @param {number} longerSide pixels @param {number} quality 0 to 1
   * @returns {Promise<Blob>}
   */
  async jpeg(video, longerSide, quality) {
    const size = frameSize(video.videoWidth, video.videoHeight, longerSide);
    const made = this.#worker && (await this.#inWorker(video, size, quality));
    return made || this.#inPage(video, size, quality);
  }

  async #inWorker(video, { width, height }, quality) {
    try {
      const bitmap = await createImageBitmap(video, { resizeWidth: width, resizeHeight: height, resizeQuality: "medium" });
      // A browser that ignores the wanted size would send more than the server needs.
      if (!this.#worker || bitmap.width !== width) return null;
      const id = this.#next;
      this.#next += 1;
      const jpeg = new Promise((done) => this.#waiting.set(id, done));
      const timer = setTimeout(() => this.#giveUpWorker(), WORKER_LIMIT_MS);
      this.#worker.postMessage({ id, bitmap, quality }, [bitmap]);
      const made = await jpeg;
      clearTimeout(timer);
      return made;
    } catch {
      this.#giveUpWorker();
      return null;
    }
  }

  #settle(id, jpeg) {
    this.#waiting.get(id)?.(jpeg);
    this.#waiting.delete(id);
  }

  #giveUpWorker() {
    this.#worker?.terminate();
    this.#worker = null;
    for (const id of [...this.#waiting.keys()]) this.#settle(id, null);
  }

  #inPage(video, { width, height }, quality) {
    this.#canvas ??= document.createElement("canvas");
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#canvas.getContext("2d", { alpha: false }).drawImage(video, 0, 0, width, height);
    return new Promise((resolve, reject) => {
      const done = (blob) => (blob ? resolve(blob) : reject(new Error("the browser made no JPEG")));
      this.#canvas.toBlob(done, "image/jpeg", quality);
    });
  }

  /** Forgets the last picture, and ends the worker. */
  close() {
    this.#giveUpWorker();
    if (this.#canvas) this.#canvas.width = 0;
  }
}
