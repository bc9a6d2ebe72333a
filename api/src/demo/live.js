// Runs a live session: sends frames to the server while the person moves, and shows each answer.

import { ApiError, whenAllowed } from "./api.js";
import { openCamera } from "./camera.js";
import { pumpFrames } from "./pump.js";
import { sessionFacts, verdictCard } from "./verdict.js";
import { CHALLENGES, hint } from "./words.js";

/** Longer side of the frames, pixels: enough for the server's models, which scale faces to a fraction of it. */
const LONGER_SIDE = 640;
const JPEG_QUALITY = 0.85;
/** Time to read the first instruction, and to get into the oval, before the clock starts. */
const GET_READY_MS = 3_000;

/**
 * @param {object} run
 * @param {import("./workbench.js").Workbench} run.bench
 * @param {ReturnType<typeof import("./api.js").createApi>} run.api
 * @param {Record<string, string>} run.query query parameters of the new session
 * @param {AbortSignal} run.signal ends everything, and the session with it
 * @returns {Promise<{isLive: boolean, card: HTMLElement[]}>}
 */
export async function runLive({ bench, api, query, signal }) {
  bench.askForCamera("Pictures are sent only once the session runs.");
  const camera = await openCamera(bench.video, LONGER_SIDE, signal);
  let session;
  // Not awaited: without this call the session ends by itself, only later.
  const cancel = () => session && api.cancelSession(session).catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  try {
    bench.fit(camera.size);
    session = await whenAllowed(
      () => api.createSession(query, signal),
      (seconds, error) => bench.sayWait(seconds, error.message, signal),
    );
    bench.state = "running";
    showChallenge(bench, session.challenges, 0, "Get ready");
    bench.confidence(0);
    await bench.pause(GET_READY_MS, camera.signal);
    const last = await performChallenges({ bench, api, camera, session });
    return await readVerdict(api, session, last, signal);
  } catch (error) {
    // The camera or the server is gone: the session is of no further use.
    if (!signal.aborted) cancel();
    throw error;
  } finally {
    signal.removeEventListener("abort", cancel);
    camera.stop();
  }
}

function showChallenge(bench, challenges, index, lead) {
  const { type, instruction } = challenges[index];
  const detail = CHALLENGES[type]?.detail;
  bench.task({ instruction, detail, drawing: type, step: index + 1, steps: challenges.length, lead });
}

/** Sends frames until the server reports that the session has ended; returns its last answer. */
function performChallenges({ bench, api, camera, session }) {
  const { challenges } = session;
  const { signal } = camera;
  let passed = 0;
  let hasStarted = false;
  // The server's clock starts when the frame arrives, a little after it was sent. So the countdown
  // shown here runs out first, and never promises time that is not there.
  const startClock = (sentAt) => {
    const seconds = challenges[passed].timeout_seconds;
    bench.countDown({ until: sentAt + 1000 * seconds, seconds });
  };

  return pumpFrames({
    signal,
    grab: () => camera.jpeg(JPEG_QUALITY),
    send: (jpeg) => api.sendFrame(session, jpeg, signal),
    onTrouble: (error) => bench.hint({ text: trouble(error), tone: "fix" }),
    onAnswer(answer, { sentAt, isLate }) {
      if (!hasStarted) {
        hasStarted = true;
        showChallenge(bench, challenges, 0, "Now");
        startClock(sentAt);
      }
      // Passes are counted by what remains, since answers can overtake each other and `passed` is
      // reported only once.
      const nowPassed = challenges.length - answer.challenges_remaining;
      if (nowPassed > passed) {
        passed = nowPassed;
        bench.passed();
        bench.panel.dataset.passed = passed;
        bench.confidence(0);
        if (passed < challenges.length && !hasEnded(answer)) {
          showChallenge(bench, challenges, passed, "Done");
          startClock(sentAt);
        }
      } else if (!isLate && answer.challenge_type === challenges[passed]?.type) {
        bench.confidence(answer.confidence);
        bench.hint(hint(answer.feedback));
      }
      return hasEnded(answer);
    },
  });
}

const hasEnded = (answer) => answer.session_complete || ["completed", "failed", "expired"].includes(answer.state);

function trouble(error) {
  return error instanceof ApiError && error.status === 429
    ? "The server is busy. Keep going."
    : "The connection is weak. Keep going.";
}

/**
 * The answers to frames are made for a `client_token`, which gets the verdict and its reasons only. The
 * scores are for the key's owner. This page has the key, so it asks for them.
 */
async function readVerdict(api, session, last, signal) {
  const { state, is_live, reason_codes, challenges_remaining } = last;
  let answer = { state, is_live, reason_codes, challenges: session.challenges, challenges_remaining };
  let note;
  try {
    answer = await api.readSession(session, signal);
  } catch (error) {
    signal.throwIfAborted();
    note = `The scores could not be read: ${error.message}`;
  }
  const isLive = answer.is_live === true;
  const title = isLive ? "Live" : "Not live";
  return { isLive, card: verdictCard({ isLive, title, answer, note, facts: sessionFacts(answer) }) };
}
