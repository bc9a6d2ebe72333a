/** Pictures and clips from files, for Node.js. */

import { readFile } from "node:fs/promises";

import type { Picture } from "./media.js";

/** A picture of a capture, from its file. */
export async function picture(
  path: string | URL,
  phase: string,
  timestamp_ms: number,
): Promise<Picture> {
  return { image: await readFile(path), phase, timestamp_ms };
}

/** A clip, or a reference image, from its file. */
export function file(path: string | URL): Promise<Uint8Array> {
  return readFile(path);
}
