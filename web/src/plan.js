// Plans which frames a capture for `/v1/liveness/verify` takes, and chooses which of them it sends.
// Pure: no camera and no page, only numbers.
//
// The page does not measure faces, so it cannot know the moment at which an action is at its peak. It
// asks for a movement, leaves time to make it, asks to hold it, and takes its frames then. A blink
// cannot be held: it is taken as a burst, from which frames are chosen.

/** Neutral frames at the start, as the API's document asks: every movement is measured relative to them. */
const CENTER_FRAMES = 2;
const FRAMES_PER_HEAD_ACTION = 3;
/** Interval between frames; the API's document says 200 to 300 ms. */
const HELD_EVERY_MS = 300;

/** Interval in a blink's burst: eyes are shut for 100 ms or a little more, so few blinks fall between frames. */
const BURST_EVERY_MS = 120;
const BURST_FRAMES = 15;
/** Frames sent of a blink: open, closing, shut, opening, open, and one to spare. */
const MAX_BLINK_FRAMES = 8;

/**
 * @typedef {object} Shot frames of one phase
 * @property {string} phase
 * @property {number} everyMs
 * @property {number} take how many frames are taken
 * @property {number} keep how many of them are sent
 */

/**
 * @param {string[]} challenge the session's actions, in their order
 * @param {number} maxFrames most frames in one request
 * @returns {Shot[]}
 */
export function plan(challenge, maxFrames) {
  const held = (phase, count) => ({ phase, everyMs: HELD_EVERY_MS, take: count, keep: count });
  const heads = challenge.filter((action) => action !== "blink").length;
  // A blink gets the frames that the other actions leave: 6 of 20 when all five actions are asked for.
  const left = maxFrames - CENTER_FRAMES - FRAMES_PER_HEAD_ACTION * heads;
  const blink = {
    phase: "blink",
    everyMs: BURST_EVERY_MS,
    take: BURST_FRAMES,
    keep: Math.min(MAX_BLINK_FRAMES, left),
  };
  const actions = challenge.map((action) => (action === "blink" ? blink : held(action, FRAMES_PER_HEAD_ACTION)));
  return [held("center", CENTER_FRAMES), ...actions];
}

/**
 * Chooses frames of a burst: the one that differs most, with both its neighbours, the first and the
 * last, whose eyes are open, and beyond that evenly spread ones. The difference is measured by pixels
 * alone, and may be another movement: then the spread ones can still catch a slow blink.
 *
 * @param {number[][]} thumbnails grey values of each frame
 * @param {number} keep at least 5
 * @returns {number[]} indices, rising
 */
export function choose(thumbnails, keep) {
  const last = thumbnails.length - 1;
  const shut = standsOut(thumbnails);
  const chosen = new Set([0, shut - 1, shut, shut + 1, last]);
  while (chosen.size < Math.min(keep, thumbnails.length)) {
    // Each further frame goes into the middle of the widest gap.
    const taken = [...chosen].sort((a, b) => a - b);
    const gaps = taken.slice(1).map((end, i) => ({ start: taken[i], width: end - taken[i] }));
    const widest = gaps.reduce((a, b) => (b.width > a.width ? b : a));
    chosen.add(widest.start + Math.floor(widest.width / 2));
  }
  return [...chosen].sort((a, b) => a - b);
}

/** Distance to compare at, frames: 360 ms before and after a blink the eyes are open. */
const APART = 3;

/**
 * The frame that is least like the mean of those before and after it. A head that drifts moves evenly,
 * and mostly cancels out; eyes that shut and open again do not.
 */
function standsOut(thumbnails) {
  const difference = (at) => {
    const [before, frame, after] = [at - APART, at, at + APART].map((i) => thumbnails[i]);
    return frame.reduce((sum, value, pixel) => sum + Math.abs(value - (before[pixel] + after[pixel]) / 2), 0);
  };
  const candidates = thumbnails.map((_, i) => i).slice(APART, -APART);
  return candidates.reduce((best, i) => (difference(i) > difference(best) ? i : best));
}
