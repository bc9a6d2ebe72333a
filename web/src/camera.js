// The camera: opened for one stretch of a check, read as JPEG frames, and always released.

import { betterCamera, cameraKind, selectable } from "./devices.js";
import { CheckError } from "./errors.js";
import { Pictures } from "./pictures.js";
import { refusalReason, requireSupport } from "./support.js";
import { childOf, wait } from "./time.js";

const CODES = {
  NotAllowedError: "camera_denied",
  SecurityError: "camera_denied",
  NotFoundError: "camera_missing",
  OverconstrainedError: "camera_missing",
  NotReadableError: "camera_busy",
  AbortError: "camera_busy",
};

/** Time limit for a camera's first picture, ms. */
const FIRST_FRAME_MS = 10_000;
/** A camera's first pictures are black while it finds its exposure: they are waited for this long at most, ms. */
const LIGHT_MS = 2_500;
/** Grey level, 0 to 255, from which a picture is not black. */
const LIGHT_LEVEL = 12;
/** Size of a thumbnail, pixels: closing eyes must change several of them. */
const THUMBNAIL = { width: 48, height: 40 };

/**
 * Opens a camera and shows it in `video`.
 *
 * @param {object} options
 * @param {HTMLVideoElement} options.video
 * @param {number} options.longerSide longer side of the frames, pixels; cameras may give more or less
 * @param {string} [options.deviceId] the person's choice; without it, the front camera
 * @param {() => void} options.onInterrupted the system took the camera for a moment, as calls do
 * @param {AbortSignal} options.signal
 * @returns {Promise<Camera>}
 */
export async function openCamera({ video, longerSide, deviceId = "", onInterrupted, signal }) {
  requireSupport();
  let stream = await openStream(longerSide, deviceId, signal);
  let cameras = await listCameras();
  if (deviceId === "") {
    const [track] = stream.getVideoTracks();
    const better = betterCamera(cameras, { deviceId: track.getSettings?.().deviceId, label: track.label });
    if (better && !signal.aborted) {
      track.stop();
      stream = await openStream(longerSide, better.deviceId, signal);
    }
  }
  const camera = new Camera(stream, video, selectable(cameras), onInterrupted, signal);
  try {
    // The browser's question cannot be withdrawn, so its answer may come after the person has cancelled.
    signal.throwIfAborted();
    await camera.start();
  } catch (error) {
    camera.stop();
    throw error;
  }
  return camera;
}

async function openStream(longerSide, deviceId, signal) {
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: {
        ...(deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" }),
        width: { ideal: longerSide },
        height: { ideal: (longerSide * 3) / 4 },
        // Without this, Chromium cuts an upright picture to the requested shape.
        resizeMode: "none",
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    const code = CODES[error?.name] ?? "unsupported";
    throw new CheckError(code, code === "camera_denied" ? refusalReason() : "", error);
  }
}

async function listCameras() {
  const devices = await navigator.mediaDevices.enumerateDevices?.().catch(() => []);
  return (devices ?? []).filter(({ kind }) => kind === "videoinput");
}

class Camera {
  #stream;
  #video;
  #pictures;
  #small = document.createElement("canvas");
  #gone;
  #watch = new AbortController();

  constructor(stream, video, cameras, onInterrupted, signal) {
    this.#stream = stream;
    this.#video = video;
    this.#pictures = new Pictures(video);
    /** Cameras to choose from. @type {MediaDeviceInfo[]} */
    this.cameras = cameras;
    this.#gone = childOf(signal);
    // At once, whatever waits for a picture.
    this.#gone.signal.addEventListener("abort", () => this.stop(), { once: true });
    const [track] = stream.getVideoTracks();
    const once = { once: true, signal: this.#watch.signal };
    track.addEventListener("ended", () => this.#gone.abort(new CheckError("camera_lost")), once);
    track.addEventListener("mute", onInterrupted, once);
  }

  /** Aborted with the signal that it was opened with, or when the camera goes away. */
  get signal() {
    return this.#gone.signal;
  }

  get deviceId() {
    return this.#stream.getVideoTracks()[0]?.getSettings?.().deviceId ?? "";
  }

  get kind() {
    const [track] = this.#stream.getVideoTracks();
    const named = cameraKind(track?.label ?? "");
    if (["infrared", "virtual"].includes(named)) return named;
    const facing = track?.getSettings?.().facingMode;
    return { user: "front", environment: "back" }[facing] ?? named;
  }

  /** The stream, for a recorder. */
  get stream() {
    return this.#stream;
  }

  get video() {
    return this.#video;
  }

  async start() {
    const { signal } = this;
    this.#video.srcObject = this.#stream;
    try {
      await this.#video.play();
    } catch (error) {
      signal.throwIfAborted();
      // Some in-app browsers refuse to play even a muted video.
      throw new CheckError("unsupported", refusalReason() === "in_app" ? "in_app" : "", error);
    }
    for (let waited = 0; this.#video.videoWidth === 0; waited += 50) {
      if (waited > FIRST_FRAME_MS) throw new CheckError("camera_busy");
      await wait(50, signal);
    }
    for (let waited = 0; waited < LIGHT_MS && this.#level() < LIGHT_LEVEL; waited += 100) await wait(100, signal);
  }

  /** Waits for a picture that was not taken before, if the camera takes any. */
  newPicture() {
    return this.#pictures.next(this.signal);
  }

  /** Mean grey level of the picture, 0 to 255. */
  #level() {
    const grey = this.thumbnail();
    return grey.reduce((sum, value) => sum + value, 0) / grey.length;
  }

  /** The picture inside the oval as a few grey values, 0 to 255: enough to tell frames apart. */
  thumbnail() {
    const { videoWidth: width, videoHeight: height } = this.#video;
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
    this.#watch.abort();
    this.#pictures.close();
    for (const track of this.#stream.getTracks()) track.stop();
    this.#video.srcObject = null;
    this.#small.width = 0;
  }
}
