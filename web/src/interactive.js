// A live session: frames go to the service while the person moves, and each answer guides them.

import { Refusal } from "./client.js";
import { pumpFrames } from "./pump.js";

/** Progress below which "go on" says nothing: the movement has not begun. */
const HAS_BEGUN = 0.15;

/** Whether the server says that the session is over. */
export function hasEnded(answer) {
  return answer.session_complete === true || ["completed", "failed", "expired"].includes(answer.state);
}

/**
 * Progress of the current challenge, 0 to 1, from the server's `confidence`, which is 0.5 at the threshold.
 *
 * @param {number} confidence 0 to 1
 */
export function progressOf(confidence) {
  return Math.max(0, Math.min(1, 2 * (confidence ?? 0)));
}

/**
 * The name of the hint to show; empty: none.
 *
 * @param {string | null} feedback @param {number} progress 0 to 1
 */
export function hintOf(feedback, progress) {
  if (!feedback) return "";
  return feedback === "keep_going" && progress < HAS_BEGUN ? "" : feedback;
}

/**
 * Sends frames until the session is over, and reports what happens.
 *
 * @param {object} run
 * @param {object[]} run.challenges of the session
 * @param {number} run.passed how many were passed before: after a pause, a session goes on
 * @param {import("./pacing.js").Pacing} run.pacing
 * @param {() => Promise<Blob>} run.grab
 * @param {(jpeg: Blob) => Promise<object>} run.send
 * @param {AbortSignal} run.signal
 * @param {object} run.report
 * @param {(index: number, sentAt: number) => void} run.report.challenge another one begins; its clock began at `sentAt`
 * @param {() => void} run.report.passed
 * @param {(progress: number) => void} run.report.progress
 * @param {(hint: string) => void} run.report.hint
 * @returns {Promise<object>} the last answer
 */
export function performChallenges({ challenges, passed, pacing, grab, send, signal, report }) {
  let hasStarted = passed > 0;
  const now = () => challenges[Math.min(passed, challenges.length - 1)];
  return pumpFrames({
    pacing,
    challenge: () => now().type,
    grab,
    send,
    signal,
    onTrouble: (error) => report.hint(error instanceof Refusal ? "server_busy" : "connection_weak"),
    onAnswer(answer, { sentAt, isLate }) {
      // The server's clock starts when the first frame arrives, a little after it was sent. So the time shown
      // here runs out first, and never promises time that is not there.
      if (!hasStarted) {
        hasStarted = true;
        report.challenge(0, sentAt);
      }
      // Passes are counted by what remains, since answers can overtake each other and `passed` comes once.
      const nowPassed = challenges.length - answer.challenges_remaining;
      if (nowPassed > passed) {
        passed = nowPassed;
        report.progress(1);
        report.passed();
        if (passed < challenges.length && !hasEnded(answer)) report.challenge(passed, sentAt);
      } else if (!isLate && answer.challenge_type === now().type) {
        const progress = progressOf(answer.confidence);
        report.progress(progress);
        const hint = hintOf(answer.feedback, progress);
        report.hint(pacing.isSlow && (hint === "" || hint === "keep_going") ? "connection_slow" : hint);
      }
      return hasEnded(answer);
    },
  });
}
