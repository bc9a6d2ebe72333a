/** Pictures and clips, from memory. `livegate/node` reads them from files. */

import type { Frame } from "./api.js";

/** The content of a picture or clip. */
export type Media = Blob | ArrayBuffer | Uint8Array;

/** One picture of a capture. */
export interface Picture {
  /** JPEG or PNG. */
  image: Media;
  /** `center`, or the name of the action that the picture belongs to. */
  phase: string;
  /** Milliseconds since the capture began; greater than that of the picture before. */
  timestamp_ms: number;
}

export function toBlob(media: Media): Blob {
  return media instanceof Blob ? media : new Blob([media as BlobPart]);
}

export async function toBase64(media: Media): Promise<string> {
  const buffer = media instanceof Blob ? await media.arrayBuffer() : media;
  const bytes = buffer instanceof Uint8Array ? buffer : new Uint8Array(buffer);
  // A function takes a limited number of arguments. A multiple of 3 bytes needs no padding.
  const step = 3 * 8192;
  let text = "";
  for (let start = 0; start < bytes.length; start += step) {
    text += btoa(String.fromCharCode(...bytes.subarray(start, start + step)));
  }
  return text;
}

/** The frames of a request. Those that have the API's form already stay as they are. */
export function toFrames(pictures: Iterable<Picture | Frame>): Promise<Frame[]> {
  return Promise.all(
    Array.from(pictures, async (picture, index) => {
      if (!("image" in picture)) return picture;
      const { image, phase, timestamp_ms } = picture;
      return { index, timestamp_ms, phase, image_b64: await toBase64(image) };
    }),
  );
}
