// How often frames are sent, how large they are, and how long to wait after a failure. Pure: the time is
// passed in.

/** Frames a second: a blink is over in 150 ms, other movements take about a second. */
const QUICK_FPS = 10;
const CALM_FPS = 6;
/** Challenges that are over quickly. */
const QUICK = ["BLINK"];
/** Requests at once: the second covers the time that an answer travels; more would only queue up. */
export const MOST_IN_FLIGHT = 2;

/** Longer side and JPEG quality of a frame: what the server's models need, and what a slow network gets. */
const FULL = { longerSide: 640, quality: 0.85 };
const SMALL = { longerSide: 480, quality: 0.75 };

/** Round trips, ms: above `SLOW_FROM` frames get smaller and the person is told; below `QUICK_FROM` no more. */
const SLOW_FROM = 700;
const QUICK_FROM = 450;
/** Share of the newest round trip in the mean. */
const NEWEST = 0.3;

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 8_000;
/** A check is given up after this time without an answer. */
export const LONGEST_SILENCE_MS = 15_000;

export class Pacing {
  #roundTrip = 0;
  #isSlow = false;
  #failures = 0;
  #heardAt;

  /** @param {number} now ms */
  constructor(now) {
    this.#heardAt = now;
  }

  /** @param {number} roundTrip ms @param {number} now ms */
  answered(roundTrip, now) {
    this.#roundTrip = this.#roundTrip === 0 ? roundTrip : (1 - NEWEST) * this.#roundTrip + NEWEST * roundTrip;
    this.#isSlow = this.#roundTrip > (this.#isSlow ? QUICK_FROM : SLOW_FROM);
    this.#failures = 0;
    this.#heardAt = now;
  }

  /**
   * How long to send nothing after a failure, ms.
   *
   * @param {number} retryAfter seconds that the server asked for; 0: none
   * @param {number} random 0 to 1: spreads clients that failed together
   */
  failed(retryAfter, random) {
    this.#failures += 1;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (this.#failures - 1));
    return Math.max(pause * (0.8 + 0.4 * random), 1000 * retryAfter);
  }

  /** Whether too long has passed without an answer. @param {number} now ms */
  isSilent(now) {
    return now - this.#heardAt > LONGEST_SILENCE_MS;
  }

  /** The time since the last answer does not count: nothing was sent. @param {number} now ms */
  resumed(now) {
    this.#heardAt = now;
  }

  /** Time between frames, ms. @param {string} challenge its type */
  interval(challenge) {
    const wanted = 1000 / (QUICK.includes(challenge) ? QUICK_FPS : CALM_FPS);
    // More than this many frames would wait for each other.
    return Math.max(wanted, this.#roundTrip / MOST_IN_FLIGHT);
  }

  /** Whether answers come too late to guide somebody who moves quickly. */
  get isSlow() {
    return this.#isSlow;
  }

  /** @returns {{longerSide: number, quality: number}} */
  get picture() {
    return this.#isSlow ? SMALL : FULL;
  }
}

/** How long a hint must be wanted before it is shown, and how long it then stays, ms. */
const HINT_AFTER_MS = 250;
const HINT_STAYS_MS = 1_200;

/** One hint at a time, none of which flickers. */
export class HintKeeper {
  #shown = "";
  #shownAt = -Infinity;
  #wanted = "";
  #wantedAt = 0;

  /**
   * The hint to show now.
   *
   * @param {string} hint the newest one; empty: none
   * @param {number} now ms
   */
  next(hint, now) {
    if (hint !== this.#wanted) {
      this.#wanted = hint;
      this.#wantedAt = now;
    }
    const isSettled = now - this.#wantedAt >= HINT_AFTER_MS;
    const isRead = this.#shown === "" || now - this.#shownAt >= HINT_STAYS_MS;
    if (this.#shown !== hint && isSettled && isRead) {
      this.#shown = hint;
      this.#shownAt = now;
    }
    return this.#shown;
  }

  /** Forgets the hint: another challenge has begun. */
  clear() {
    this.#shown = this.#wanted = "";
  }
}

/** Time between two announcements of hints, ms: more would bury the instructions. */
const ANNOUNCE_EVERY_MS = 4_000;

/** Which hints a screen reader gets. */
export class AnnouncementPacing {
  #saidAt = -Infinity;
  #lastHint = "";

  /** Something that must be heard was announced. @param {number} now ms */
  said(now) {
    this.#saidAt = now;
    this.#lastHint = "";
  }

  /** Whether to announce this hint. @param {string} hint @param {number} now ms */
  mayHint(hint, now) {
    if (hint === "" || hint === this.#lastHint || now - this.#saidAt < ANNOUNCE_EVERY_MS) return false;
    this.#saidAt = now;
    this.#lastHint = hint;
    return true;
  }
}
