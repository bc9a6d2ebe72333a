// A capture for `/v1/liveness/verify`: frames are taken first, each tagged with what the person was
// asked to do, and then sent together.

import { announce } from "./announce.js";
import { whenAllowed } from "./api.js";
import { openCamera } from "./camera.js";
import { choose, plan } from "./plan.js";
import { wait } from "./time.js";
import { verdictCard } from "./verdict.js";
import { ACTIONS } from "./words.js";

/** What the API's document recommends: 720p or more, JPEG quality 80 to 90. */
const LONGER_SIDE = 1280;
const JPEG_QUALITY = 0.9;
/** The longer side of the pictures by which a blink is looked for. */
const THUMBNAIL_SIDE = 96;

/** Reading the first words, and getting into the oval. */
const GET_READY_MS = 3_000;
/** From one movement back to the middle. */
const BACK_MS = 1_200;
/** Reading an instruction and moving; a head takes about a second to turn. */
const MOVE_MS = 1_800;

/**
 * @param {object} run
 * @param {import("./workbench.js").Workbench} run.bench
 * @param {ReturnType<typeof import("./api.js").createApi>} run.api
 * @param {string[]} run.actions what to ask for; empty: what the key is set to
 * @param {AbortSignal} run.signal
 * @returns {Promise<{isLive: boolean, card: HTMLElement[]}>}
 */
export async function runCapture({ bench, api, actions, signal }) {
  bench.state = "camera";
  bench.task({
    instruction: "Allow the camera",
    detail: "The browser may ask for it. Pictures are sent only when all are taken.",
  });
  bench.focusTask();
  const camera = await openCamera(bench.video, LONGER_SIDE, signal);
  const allowed = (call) => whenAllowed(call, (seconds, error) => sayWait(bench, seconds, error, signal));
  let session, frames;
  try {
    bench.fit(camera.size);
    // The frames are the camera's own pixels; only the preview is mirrored.
    const request = { mirrored: false, ...(actions.length > 0 && { actions }) };
    session = await allowed(() => api.createCapture(request, signal));
    bench.state = "running";
    frames = await Promise.race([takeFrames(bench, camera, session, signal), camera.lost]);
  } finally {
    camera.stop();
  }
  bench.state = "sending";
  bench.task({ instruction: "Checking", detail: `${frames.length} frames are on their way to the server.` });
  const sentAt = performance.now();
  const request = { session_id: session.session_id, mode: "images", frames };
  const answer = await allowed(() => api.verify(request, signal));
  return verdict(answer, session, frames, performance.now() - sentAt);
}

async function sayWait(bench, seconds, error, signal) {
  bench.task({ instruction: "The server asks to wait", detail: error.message });
  bench.countDown({ until: performance.now() + 1000 * seconds, seconds });
  await wait(1000 * seconds, signal);
  bench.countDown(null);
}

/** Guides the person through the challenge; gives the frames as `verify` takes them. */
async function takeFrames(bench, camera, session, signal) {
  const shots = plan(session.challenge, session.config.max_images);
  const startedAt = performance.now();
  const frames = [];
  for (const [index, shot] of shots.entries()) {
    await prompt(bench, shots, index, signal);
    const taken = await takeShot(camera, shot, signal);
    const kept =
      shot.keep < shot.take
        ? choose(taken.map((frame) => frame.thumbnail), shot.keep).map((i) => taken[i])
        : taken;
    frames.push(...kept.map((frame) => ({ ...frame, phase: shot.phase })));
    bench.passed();
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

/** Says what to do and leaves the time for it; returns when the frames are to be taken. */
async function prompt(bench, shots, index, signal) {
  const { phase } = shots[index];
  const place = { step: index + 1, steps: shots.length };
  const pause = async (ms) => {
    bench.countDown({ until: performance.now() + ms, seconds: ms / 1000 });
    await wait(ms, signal);
    bench.countDown(null);
  };
  if (index === 0) {
    bench.task({ ...place, instruction: "Look straight at the camera", detail: "Your face in the oval, at rest.", lead: "Get ready" });
    await pause(GET_READY_MS);
    bench.hint({ text: "Hold it", tone: "good" });
    return;
  }
  bench.task({ ...place, instruction: "Look straight again", said: "Look straight again" });
  await wait(BACK_MS, signal);
  const { instruction, picture } = ACTIONS[phase] ?? { instruction: phase };
  if (phase === "blink") {
    bench.task({ ...place, instruction, drawing: picture, detail: "When the countdown ends: close your eyes, then open them again." });
    await pause(MOVE_MS);
    bench.task({ ...place, instruction: "Blink now", drawing: picture, detail: "Close your eyes, then open them again." });
    return;
  }
  bench.task({ ...place, instruction, drawing: picture, detail: "Then hold it." });
  await pause(MOVE_MS);
  bench.hint({ text: "Hold it", tone: "good" });
  announce("Hold it");
}

async function takeShot(camera, { everyMs, take, keep }, signal) {
  const taken = [];
  const startedAt = performance.now();
  for (let i = 0; i < take; i += 1) {
    // By the clock, not one pause after the other: taking a frame takes time as well.
    await wait(Math.max(0, startedAt + i * everyMs - performance.now()), signal);
    const at = performance.now();
    const thumbnail = keep < take ? camera.thumbnail(THUMBNAIL_SIDE) : null;
    taken.push({ at, thumbnail, jpeg: await camera.jpeg(JPEG_QUALITY) });
  }
  return taken;
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

function verdict(answer, session, frames, roundTripMs) {
  const isLive = answer.verified === true;
  const facts = [
    ["Asked for", session.challenge.map((action) => ACTIONS[action]?.name ?? action).join(", ")],
    ["Frames with a face", `${answer.frames_analyzed ?? "–"} of ${frames.length} sent`],
    ["Time on the server", `${answer.processing_time_ms} ms`],
    ["Time with the way there and back", `${Math.round(roundTripMs)} ms`],
  ];
  return { isLive, card: verdictCard({ isLive, title: isLive ? "Verified" : "Not verified", answer, facts }) };
}
