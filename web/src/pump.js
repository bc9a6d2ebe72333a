// Sends the camera's picture again and again, at the pace that the network allows. A frame that cannot be
// sent at once is dropped, since the server must judge what happens now.

import { NoAnswer, Refusal, asCheckError } from "./client.js";
import { MOST_IN_FLIGHT } from "./pacing.js";

/**
 * Sends frames until `onAnswer` returns true: the session is over.
 *
 * @param {object} pump
 * @param {import("./pacing.js").Pacing} pump.pacing
 * @param {() => string} pump.challenge type of the current challenge
 * @param {() => Promise<Blob>} pump.grab
 * @param {(jpeg: Blob) => Promise<object>} pump.send
 * @param {(answer: object, frame: {sentAt: number, isLate: boolean}) => boolean} pump.onAnswer `isLate`: a newer
 *   frame was answered before
 * @param {(error: Error) => void} pump.onTrouble a frame was lost; later ones may still arrive
 * @param {AbortSignal} pump.signal
 * @returns {Promise<object>} the last answer
 */
export function pumpFrames({ pacing, challenge, grab, send, onAnswer, onTrouble, signal }) {
  return new Promise((resolve, reject) => {
    let inFlight = 0;
    let sent = 0;
    let newest = -1;
    let notBefore = 0;
    let isOver = false;
    let timer = 0;
    const settle = (how, value) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      how(value);
    };
    const stop = () => settle(reject, signal.reason);

    async function sendOne() {
      if (inFlight >= MOST_IN_FLIGHT || performance.now() < notBefore) return;
      inFlight += 1;
      const number = sent;
      sent += 1;
      try {
        const jpeg = await grab();
        const sentAt = performance.now();
        const answer = await send(jpeg);
        if (isOver) return;
        const now = performance.now();
        pacing.answered(now - sentAt, now);
        const isLate = number < newest;
        newest = Math.max(newest, number);
        if (onAnswer(answer, { sentAt, isLate })) settle(resolve, answer);
      } catch (error) {
        if (isOver) return;
        const now = performance.now();
        const isPassing = error instanceof NoAnswer || (error instanceof Refusal && error.isPassing);
        if (!isPassing || pacing.isSilent(now)) return settle(reject, asCheckError(error));
        notBefore = now + pacing.failed(error.retryAfter ?? 0, Math.random());
        onTrouble(error);
      } finally {
        inFlight -= 1;
      }
    }

    function tick() {
      timer = setTimeout(tick, pacing.interval(challenge()));
      sendOne();
    }

    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    pacing.resumed(performance.now());
    tick();
  });
}
