// Makes a capture for `/v1/liveness/verify`: first takes all frames, each tagged with what the person
// was asked to do, then sends them together.

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

/** Time to read the first words and to get into the oval. */
const GET_READY_MS = 3_000;
/** Time to get from one movement back to the middle. */
const BACK_MS = 1_200;
/** Time to read an instruction and to move; a head takes about a second to turn. */
const MOVE_MS = 1_800;

/**
 * @param {object} run
 * @param {import("./workbench.js").Workbench} run.bench
 * @param {ReturnType<typeof import("./api.js").createApi>} run.api
 * @param {string[]} run.actions actions of the session; empty: the key's default
 * @param {AbortSignal} run.signal
 * @returns {Promise<{isLive: boolean, card: HTMLElement[]}>}
 */
export async function runCapture({ bench, api, actions, signal }) {
  bench.askForCamera("Pictures are sent only when all are taken.");
  const camera = await openCamera(bench.video, LONGER_SIDE, signal);
  const allowed = (call) =>
    whenAllowed(call, (seconds, error) => bench.sayWait(seconds, error.message, signal));
  let session, frames;
  try {
    bench.fit(camera.size);
    // The frames are the camera's own pixels; only the preview is mirrored.
    const request = { mirrored: false, ...(actions.length > 0 && { actions }) };
    session = await allowed(() => api.createCapture(request, signal));
    bench.state = "running";
    frames = await takeFrames(bench, camera, session);
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

/** Guides the person through the challenge; returns the frames as `verify` takes them. */
async function takeFrames(bench, camera, session) {
  const shots = plan(session.challenge, session.config.max_images);
  const startedAt = performance.now();
  const frames = [];
  for (const [index, shot] of shots.entries()) {
    await prompt(bench, shots, index, camera.signal);
    const taken = await takeShot(camera, shot);
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

/** Shows what to do and leaves the time for it; returns when the frames are to be taken. */
async function prompt(bench, shots, index, signal) {
  const { phase } = shots[index];
  const say = (task) => bench.task({ step: index + 1, steps: shots.length, ...task });
  if (index === 0) {
    say({ lead: "Get ready", instruction: "Look straight at the camera", detail: "Your face in the oval, at rest." });
    await bench.pause(GET_READY_MS, signal);
    bench.hint({ text: "Hold it", tone: "good" });
    return;
  }
  say({ instruction: "Look straight again", said: "Look straight again" });
  await wait(BACK_MS, signal);
  const { instruction, picture: drawing } = ACTIONS[phase] ?? { instruction: phase };
  if (phase === "blink") {
    const how = "close your eyes, then open them again.";
    say({ instruction, drawing, detail: `When the countdown ends: ${how}` });
    await bench.pause(MOVE_MS, signal);
    say({ instruction: "Blink now", drawing, detail: `Now ${how}` });
    return;
  }
  say({ instruction, drawing, detail: "Then hold it." });
  await bench.pause(MOVE_MS, signal);
  bench.hint({ text: "Hold it", tone: "good" });
  announce("Hold it");
}

async function takeShot(camera, { everyMs, take, keep }) {
  const taken = [];
  const startedAt = performance.now();
  for (let i = 0; i < take; i += 1) {
    // Paced by the clock, not by one pause after the other, since taking a frame takes time as well.
    await wait(Math.max(0, startedAt + i * everyMs - performance.now()), camera.signal);
    const at = performance.now();
    const thumbnail = keep < take ? camera.thumbnail() : null;
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
