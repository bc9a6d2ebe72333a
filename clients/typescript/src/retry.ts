/**
 * Which requests are sent again, and after how long.
 *
 * The rule of the service's documents: 429 waits, a verify that failed for good needs a new session,
 * other answers of 4xx are never sent again.
 */

import { ApiError, NoAnswer, TEMPORARY } from "./errors.js";

/** Seconds before the first repetition; each further one takes twice as long. */
export const FIRST_PAUSE = 0.5;
/** Seconds. A longer `Retry-After` is left to the caller. */
export const LONGEST_PAUSE = 30;

/**
 * What a request permits.
 *
 * - `always`: it changes nothing, or nothing that matters: sent again after every temporary failure.
 * - `same answer`: it carries an `Idempotency-Key`: sent again until its answer is final, as a repeated
 *   one is.
 * - `unsent`: sent again only if the service has not begun to work on it.
 * - `never`: the next request replaces it: a live frame.
 */
export type Repeat = "always" | "same answer" | "unsent" | "never";

/**
 * Seconds before the request is sent again; null if it is not. `attempt` counts from 0, `retries`
 * is the number of repetitions allowed.
 */
export function pause(
  repeat: Repeat,
  error: unknown,
  attempt: number,
  retries: number,
): number | null {
  if (attempt >= retries || !mayRepeat(repeat, error)) return null;
  // Randomness keeps many clients from coming back at the same moment.
  const backoff = FIRST_PAUSE * 2 ** attempt * (0.75 + Math.random() / 2);
  const asked = error instanceof ApiError ? (error.retry_after ?? 0) : 0;
  const seconds = Math.max(asked, backoff);
  return seconds <= LONGEST_PAUSE ? seconds : null;
}

function mayRepeat(repeat: Repeat, error: unknown): boolean {
  if (repeat === "never") return false;
  if (error instanceof NoAnswer) return repeat !== "unsent" || !error.sent;
  if (!(error instanceof ApiError) || !TEMPORARY.includes(error.status)) return false;
  // The limit of attempts slows a person down, not a program.
  if (error.status === 429) return error.code !== "ATTEMPT_LIMIT";
  // A failure that is not a repeated one may still become a verdict.
  return repeat === "always" || (repeat === "same answer" && !error.replayed);
}
