// The camera: opened for one session, read as JPEG frames, and always released.

import { wait } from "./time.js";

/** The reason why there is no camera; `kind` names a text in words.js. */
export class CameraError extends Error {
  /** @param {"insecure" | "refused" | "missing" | "busy" | "lost" | "unsupported"} kind */
  constructor(kind, cause) {
    super(`camera: ${kind}`, { cause });
    this.kind = kind;
  }
}

const KINDS = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** Time limit for a camera's first picture. */
const FIRST_FRAME_MS = 10_000;
/** Size of a thumbnail, pixels: closing eyes must change several of them. */
const THUMBNAIL = { width: 48, height: 40 };

/**
 * Opens the front camera and shows it in `video`.
 *
 * @param {HTMLVideoElement} video
 * @param {number} longerSide longer side of the frames, pixels; cameras may give more or less
 * @param {AbortSignal} signal
 */
export async function openCamera(video, longerSide, signal) {
  if (!window.isSecureContext) throw new CameraError("insecure");
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraError("unsupported");
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: {
        facingMode: "user",
        width: { ideal: longerSide },
        height: { ideal: (longerSide * 3) / 4 },
        // Without this, Chromium cuts an upright picture to the requested shape.
        resizeMode: "none",
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new CameraError(KINDS[error?.name] ?? "unsupported", error);
  }
  const camera = new Camera(stream, video, longerSide, signal);
  try {
    // The browser's permission prompt cannot be withdrawn, so its answer may come after the person has
    // cancelled.
    signal.throwIfAborted();
    await camera.start();
  } catch (error) {
    camera.stop();
    throw error;
  }
  return camera;
}

class Camera {
  #stream;
  #video;
  #longerSide;
  #canvas = document.createElement("canvas");
  #small = document.createElement("canvas");
  #gone = new AbortController();

  constructor(stream, video, longerSide, signal) {
    this.#stream = stream;
    this.#video = video;
    this.#longerSide = longerSide;
    signal.addEventListener("abort", () => this.#gone.abort(signal.reason), { once: true });
    for (const track of stream.getTracks()) {
      track.addEventListener("ended", () => this.#gone.abort(new CameraError("lost")), { once: true });
    }
  }

  /** Aborted when the session is ended or the camera goes away. */
  get signal() {
    return this.#gone.signal;
  }

  async start() {
    const { signal } = this;
    const video = this.#video;
    video.srcObject = this.#stream;
    try {
      await video.play();
    } catch (error) {
      signal.throwIfAborted();
      throw new CameraError("unsupported", error);
    }
    for (let waited = 0; video.videoWidth === 0; waited += 50) {
      if (waited > FIRST_FRAME_MS) throw new CameraError("busy");
      await wait(50, signal);
    }
  }

  /** The size of the camera's picture now; a phone that is turned changes it. */
  get size() {
    return { width: this.#video.videoWidth, height: this.#video.videoHeight };
  }

  /**
   * The picture of this moment, as JPEG: the camera's own pixels, not mirrored as the preview is, so
   * that sessions are created without `mirrored`.
   *
   * @param {number} quality 0 to 1
   * @returns {Promise<Blob>}
   */
  async jpeg(quality) {
    const { width, height } = this.size;
    // Pictures are never enlarged: that adds bytes and no detail.
    const scale = Math.min(1, this.#longerSide / Math.max(width, height));
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    this.#canvas.getContext("2d").drawImage(this.#video, 0, 0, this.#canvas.width, this.#canvas.height);
    const blob = await new Promise((done) => this.#canvas.toBlob(done, "image/jpeg", quality));
    if (!blob) throw new CameraError("unsupported");
    return blob;
  }

  /** The picture inside the oval as a few grey values, 0 to 255: enough to tell frames apart. */
  thumbnail() {
    const { width, height } = this.size;
    this.#small.width = THUMBNAIL.width;
    this.#small.height = THUMBNAIL.height;
    const context = this.#small.getContext("2d", { willReadFrequently: true });
    const inOval = [0.25 * width, 0.15 * height, 0.5 * width, 0.55 * height];
    context.drawImage(this.#video, ...inOval, 0, 0, THUMBNAIL.width, THUMBNAIL.height);
    const { data } = context.getImageData(0, 0, THUMBNAIL.width, THUMBNAIL.height);
    return Array.from({ length: data.length / 4 }, (_, i) => (data[4 * i] + 2 * data[4 * i + 1] + data[4 * i + 2]) / 4);
  }

  /** Turns the camera's light off, and forgets the last picture. */
  stop() {
    for (const track of this.#stream.getTracks()) track.stop();
    this.#video.srcObject = null;
    this.#canvas.width = 0;
    this.#small.width = 0;
  }
}
