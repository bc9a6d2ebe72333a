// The camera: opened for one session, read as JPEG frames, and always given back.

import { wait } from "./time.js";

/** Why there is no camera; `kind` names a text in words.js. */
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

/** How long a camera may take to deliver its first picture. */
const FIRST_FRAME_MS = 10_000;

/**
 * Opens the front camera and shows it in `video`.
 *
 * @param {HTMLVideoElement} video
 * @param {number} longerSide pixels that the frames will have; cameras may give more or less
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
        // Or Chromium cuts an upright picture to the shape asked for.
        resizeMode: "none",
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new CameraError(KINDS[error?.name] ?? "unsupported", error);
  }
  const camera = new Camera(stream, video, longerSide);
  try {
    // The question whether to allow the camera cannot be taken back, so the answer may come after
    // the person has cancelled.
    signal.throwIfAborted();
    await camera.start(signal);
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
  /** Rejects when the camera goes away. */
  lost;

  constructor(stream, video, longerSide) {
    this.#stream = stream;
    this.#video = video;
    this.#longerSide = longerSide;
    this.lost = new Promise((_, reject) => {
      for (const track of stream.getTracks()) {
        track.addEventListener("ended", () => reject(new CameraError("lost")));
      }
    });
    // Whoever awaits it hears of it; when nobody does, that is no fault to report.
    this.lost.catch(() => {});
  }

  async start(signal) {
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
    this.#draw(this.#canvas, this.#longerSide);
    const blob = await new Promise((done) => this.#canvas.toBlob(done, "image/jpeg", quality));
    if (!blob) throw new CameraError("unsupported");
    return blob;
  }

  /** The same moment as a few grey values, 0 to 255: enough to tell frames apart. */
  thumbnail(longerSide) {
    const small = document.createElement("canvas");
    this.#draw(small, longerSide);
    const { data } = small.getContext("2d").getImageData(0, 0, small.width, small.height);
    return Array.from({ length: data.length / 4 }, (_, i) => (data[4 * i] + 2 * data[4 * i + 1] + data[4 * i + 2]) / 4);
  }

  #draw(canvas, longerSide) {
    const { width, height } = this.size;
    // Never enlarged: that adds bytes and no detail.
    const scale = Math.min(1, longerSide / Math.max(width, height));
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d").drawImage(this.#video, 0, 0, canvas.width, canvas.height);
  }

  /** Turns the camera's light off, and forgets the last picture. */
  stop() {
    for (const track of this.#stream.getTracks()) track.stop();
    this.#video.srcObject = null;
    this.#canvas.width = 0;
  }
}
