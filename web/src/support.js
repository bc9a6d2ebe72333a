// Whether a check can run here, and if not, why.

import { CheckError } from "./errors.js";

/** Browsers inside other apps, many of which have no camera. */
const IN_APP = /FBAN|FBAV|Instagram|Line\/|MicroMessenger|Snapchat|musical_ly|BytedanceWebview|TikTok|Twitter|LinkedInApp|; wv\)/;

export function isInApp(userAgent = navigator.userAgent) {
  return IN_APP.test(userAgent);
}

/**
 * Whether a picture that goes to a worker may end the page: WebKit's ports to Linux free its texture on the worker's
 * thread, at any time while the page's own thread uses the same cache (WebKit's bug 322349, there up to 2.50 at least).
 */
export function crashesOverBitmaps(userAgent = navigator.userAgent) {
  // Apple's systems draw otherwise; Chromium names itself AppleWebKit/537.
  return /(X11|Linux).*AppleWebKit\/6/.test(userAgent);
}

/** Whether this page's frame was not given the camera. */
export function isFrameBlocked() {
  const policy = document.permissionsPolicy ?? document.featurePolicy;
  return policy?.allowsFeature ? !policy.allowsFeature("camera") : false;
}

/** Why a refused camera was refused, as far as it shows. */
export function refusalReason() {
  if (isFrameBlocked()) return "iframe";
  if (isInApp()) return "in_app";
  // Browsers that cannot say so refuse in a frame of another origin more often than people do.
  const canSay = Boolean(document.permissionsPolicy ?? document.featurePolicy);
  return !canSay && isInForeignFrame() ? "iframe" : "";
}

function isInForeignFrame() {
  try {
    return window.top.location.origin !== location.origin;
  } catch {
    return true;
  }
}

/**
 * Whether pictures can be read from a canvas. Browsers that resist fingerprinting give noise instead, which no
 * server can judge.
 */
export function isCanvasReadable() {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 4;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return false;
  context.fillStyle = "rgb(40 120 200)";
  context.fillRect(0, 0, 4, 4);
  const { data } = context.getImageData(0, 0, 4, 4);
  // Some browsers change single bits, which is harmless.
  return data.every((value, i) => Math.abs(value - [40, 120, 200, 255][i % 4]) <= 8);
}

/** Throws a `CheckError` where the browser cannot run a check at all. */
export function requireSupport() {
  if (!window.isSecureContext) throw new CheckError("insecure_context");
  if (!navigator.mediaDevices?.getUserMedia) throw new CheckError("unsupported", isInApp() ? "in_app" : "");
  if (!isCanvasReadable()) throw new CheckError("unsupported", "canvas");
}

/**
 * @returns {Promise<{supported: boolean, code: string | null, reason: string}>} `code`: one of the error codes
 */
export async function supportReport() {
  const no = (code, reason = "") => ({ supported: false, code, reason });
  try {
    requireSupport();
  } catch (error) {
    return no(error.code, error.reason);
  }
  if (isFrameBlocked()) return no("camera_denied", "iframe");
  // Browsers that do not know this permission, such as Firefox before 131, throw.
  const permission = await navigator.permissions?.query({ name: "camera" }).catch(() => null);
  if (permission?.state === "denied") return no("camera_denied", refusalReason());
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => null);
  // No list is no proof that there is no camera.
  if (devices && !devices.some(({ kind }) => kind === "videoinput")) return no("camera_missing");
  return { supported: true, code: null, reason: "" };
}
