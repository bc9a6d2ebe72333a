// A capture for the server-to-server API: tagged frames, or a clip. The page's own code sends it to its backend.

import { CheckError } from "./errors.js";
import { choose, plan } from "./plan.js";
import { wait } from "./time.js";

/** What the API's document recommends: 720p or more, JPEG quality 80 to 90. */
export const CAPTURE_LONGER_SIDE = 1280;
const CAPTURE_QUALITY = 0.85;

/** Time to get from one movement back to the middle, ms. */
const BACK_MS = 1_200;
/** Time to read an instruction and to move, ms; a head takes about a second to turn. */
const MOVE_MS = 1_800;
/** Time that the camera stays on a movement of a clip, ms. */
const HOLD_MS = 1_000;

/** Longest clip that the service takes, less a margin, ms. */
const LONGEST_CLIP_MS = 28_000;
const CLIP_BITS_PER_SECOND = 2_500_000;
/** What the service decodes, from the best on. */
const CLIP_TYPES = ["video/mp4;codecs=avc1.42E01F", "video/mp4", "video/webm;codecs=vp8", "video/webm"];

/** The challenge of a live session whose picture and words an action has. */
export const AS_CHALLENGE = {
  turn_left: "TURN_LEFT",
  turn_right: "TURN_RIGHT",
  turn_up: "LOOK_UP",
  turn_down: "LOOK_DOWN",
  blink: "BLINK",
};

/**
 * Guides the person through the actions and takes the frames.
 *
 * @param {object} run
 * @param {string[]} run.actions in their order
 * @param {number} run.maxFrames most frames that the service takes
 * @param {number} run.pace 1: the usual time to read and move; 2: twice that
 * @param {import("./camera.js").Camera} run.camera
 * @param {import("./encoder.js").Encoder} run.encoder
 * @param {object} run.report
 * @param {(index: number, what: "back" | "move" | "hold") => void} run.report.prompt
 * @param {(progress: number) => void} run.report.progress of the current action, 0 to 1
 * @param {() => void} run.report.passed
 * @returns {Promise<object[]>} `frames` of a verify
 */
export async function takeFrames({ actions, maxFrames, pace, camera, encoder, report }) {
  const shots = plan(actions, maxFrames);
  const startedAt = performance.now();
  const frames = [];
  for (const [index, shot] of shots.entries()) {
    // The first shot is the face at rest, which the person has been shown before.
    if (index > 0) await prompt(index - 1, pace, report, camera.signal);
    const taken = await takeShot(camera, encoder, shot, report);
    const kept =
      shot.keep < shot.take ? choose(taken.map((frame) => frame.thumbnail), shot.keep).map((i) => taken[i]) : taken;
    frames.push(...kept.map((frame) => ({ ...frame, phase: shot.phase })));
    if (index > 0) report.passed();
  }
  return Promise.all(
    frames.map(async ({ jpeg, phase, at }, index) => ({
      index,
      timestamp_ms: Math.round(at - startedAt),
      phase,
      image_b64: await base64(jpeg),
    })),
  );
}

async function prompt(index, pace, report, signal) {
  report.prompt(index, "back");
  await wait(pace * BACK_MS, signal);
  report.prompt(index, "move");
  await wait(pace * MOVE_MS, signal);
  report.prompt(index, "hold");
}

async function takeShot(camera, encoder, { everyMs, take, keep }, report) {
  const taken = [];
  const startedAt = performance.now();
  for (let i = 0; i < take; i += 1) {
    // Paced by the clock, not by one pause after the other, since taking a frame takes time as well.
    await wait(Math.max(0, startedAt + i * everyMs - performance.now()), camera.signal);
    await camera.newPicture();
    const at = performance.now();
    const thumbnail = keep < take ? camera.thumbnail() : null;
    taken.push({ at, thumbnail, jpeg: await encoder.jpeg(camera.video, CAPTURE_LONGER_SIDE, CAPTURE_QUALITY) });
    report.progress((i + 1) / take);
  }
  return taken;
}

/** The same as a clip. @returns {Promise<string>} `video_b64` of a verify */
export async function takeClip({ actions, pace, camera, report }) {
  const type = globalThis.MediaRecorder && CLIP_TYPES.find((name) => MediaRecorder.isTypeSupported(name));
  if (!type) throw new CheckError("unsupported", "recorder");
  const recorder = new MediaRecorder(camera.stream, { mimeType: type, videoBitsPerSecond: CLIP_BITS_PER_SECOND });
  const chunks = [];
  const { signal } = camera;
  const stopped = new Promise((resolve, reject) => {
    recorder.ondataavailable = ({ data }) => chunks.push(data);
    recorder.onstop = resolve;
    recorder.onerror = () => reject(new CheckError("camera_lost"));
  });
  // Shorter prompts where the clip would get too long.
  const usual = 600 + actions.length * (BACK_MS + MOVE_MS + HOLD_MS);
  const fitting = Math.min(pace, LONGEST_CLIP_MS / usual);
  recorder.start();
  try {
    await wait(600, signal);
    for (const index of actions.keys()) {
      await prompt(index, fitting, report, signal);
      for (let part = 1; part <= 4; part += 1) {
        await wait(HOLD_MS / 4, signal);
        report.progress(part / 4);
      }
      report.passed();
    }
  } finally {
    if (recorder.state !== "inactive") recorder.stop();
  }
  await stopped;
  return base64(new Blob(chunks));
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
