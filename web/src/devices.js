// Tells cameras apart by their labels, which are all that browsers say. Pure.

/** Depth and infrared cameras, as laptops have for face sign-in: their pictures are grey. */
const INFRARED = /\binfra-?red\b|\bIR\b|\bdepth\b/i;
/** Programs that pretend to be a camera. Only obvious names: a guess would refuse real cameras. */
const VIRTUAL = new RegExp(
  "virtual|\\bOBS\\b|manycam|snap camera|xsplit|splitcam|droidcam|ivcam|epoccam|mmhmm|youcam|webcamoid|" +
    "v4l2 ?loopback|dummy video|unity video capture|ndi video|e2esoft|camtwist|cammask",
  "i",
);
const BACK = /\b(back|rear|environment|world)\b|rück|arrière|trasera|posteriore|traseira|achter|tylna|arka/i;
const FRONT = /\b(front|user|facetime|selfie|integrated|built-?in)\b|avant|frontal|anteriore|voor|przed|ön\b/i;

/** @param {string} label @returns {"infrared" | "virtual" | "back" | "front" | "unknown"} */
export function cameraKind(label) {
  if (INFRARED.test(label)) return "infrared";
  if (VIRTUAL.test(label)) return "virtual";
  if (BACK.test(label)) return "back";
  return FRONT.test(label) ? "front" : "unknown";
}

/** Kinds from the best on: what sees the person best. */
const ORDER = ["front", "unknown", "back", "virtual", "infrared"];
const rank = (device) => ORDER.indexOf(cameraKind(device.label));

/**
 * The camera to use instead of the opened one; null where that one will do. Only an infrared or virtual one is
 * left: the browser's choice of a front camera is better than a guess from names.
 *
 * @param {{deviceId: string, label: string}[]} cameras @param {{deviceId: string, label: string}} opened
 */
export function betterCamera(cameras, opened) {
  if (!["infrared", "virtual"].includes(cameraKind(opened.label))) return null;
  const best = [...cameras].sort((a, b) => rank(a) - rank(b))[0];
  return best && rank(best) < rank(opened) ? best : null;
}

/** Cameras to choose from: no infrared ones. @template {{label: string}} T @param {T[]} cameras @returns {T[]} */
export function selectable(cameras) {
  return cameras.filter((camera) => cameraKind(camera.label) !== "infrared");
}
