// Stands for an integrator's camera: frames for whatever challenge a session has.

import { readFileSync } from "node:fs";

export async function capture(challenge) {
  const pictures = JSON.parse(readFileSync(process.env.PICTURES, "utf8"));
  return ["center", ...challenge]
    .flatMap((phase) => pictures[phase].map((image_b64) => ({ phase, image_b64 })))
    .map((frame, index) => ({ index, timestamp_ms: 250 * index, ...frame }));
}
