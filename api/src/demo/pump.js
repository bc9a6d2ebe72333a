// Sends the camera's picture repeatedly, at the pace that the network allows. A frame that cannot be
// sent at once is dropped, since the server must judge what happens now.

import { ApiError, NetworkError } from "./api.js";

/** Frames a second: the API's document asks for 5 to 10, and the server refuses more than 20. */
const FRAMES_PER_SECOND = 8;
/** Frames in flight: the second covers the time that an answer travels; more would only queue up. */
const MAX_IN_FLIGHT = 2;
/** Failures in a row before the person sees an error. */
const MAX_FAILURES = 6;
const AFTER_FAILURE_MS = 500;

/**
 * Sends frames until `onAnswer` returns true, which means that the session is over.
 *
 * @param {object} pump
 * @param {() => Promise<Blob>} pump.grab
 * @param {(jpeg: Blob) => Promise<object>} pump.send
 * @param {(answer: object, frame: {sentAt: number, isLate: boolean}) => boolean} pump.onAnswer `isLate`:
 *   a newer frame was answered before
 * @param {(error: Error) => void} pump.onTrouble a frame was lost; later ones may still arrive
 * @param {AbortSignal} pump.signal
 * @returns {Promise<object>} the last answer
 */
export function pumpFrames({ grab, send, onAnswer, onTrouble, signal }) {
  return new Promise((resolve, reject) => {
    let inFlight = 0;
    let sent = 0;
    let newest = -1;
    let failures = 0;
    let notBefore = 0;
    let isOver = false;
    const settle = (how, value) => {
      isOver = true;
      clearInterval(timer);
      how(value);
    };

    async function pumpOne() {
      if (inFlight >= MAX_IN_FLIGHT || performance.now() < notBefore) return;
      inFlight += 1;
      const number = sent;
      sent += 1;
      try {
        const jpeg = await grab();
        const sentAt = performance.now();
        const answer = await send(jpeg);
        if (isOver) return;
        failures = 0;
        const isLate = number < newest;
        newest = Math.max(newest, number);
        if (onAnswer(answer, { sentAt, isLate })) settle(resolve, answer);
      } catch (error) {
        if (isOver) return;
        failures += 1;
        if (!isPassing(error) || failures >= MAX_FAILURES) return settle(reject, error);
        notBefore = performance.now() + Math.max(AFTER_FAILURE_MS, 1000 * (error.retryAfter ?? 0));
        onTrouble(error);
      } finally {
        inFlight -= 1;
      }
    }

    const timer = setInterval(pumpOne, 1000 / FRAMES_PER_SECOND);
    signal.addEventListener("abort", () => settle(reject, signal.reason), { once: true });
    pumpOne();
  });
}

/** Whether the next frame may succeed, with the session unchanged. */
function isPassing(error) {
  if (error instanceof NetworkError) return true;
  return error instanceof ApiError && [429, 502, 503, 504].includes(error.status);
}
