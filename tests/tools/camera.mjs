// Stands for an integrator's camera: frames for whatever challenge a session has.

import { readFileSync } from "node:fs";

function pictures() {
  return JSON.parse(readFileSync(process.env.PICTURES, "utf8"));
}

// Pictures of somebody who does what an interactive challenge asks, in their order.
export function live(challenge) {
  return pictures()[challenge].map((image_b64) => new Blob([Buffer.from(image_b64, "base64")]));
}

export async function capture(challenge) {
  const shown = pictures();
  return ["center", ...challenge]
    .flatMap((phase) => shown[phase].map((image_b64) => ({ phase, image_b64 })))
    .map((frame, index) => ({ index, timestamp_ms: 10 * index, ...frame }));
}
