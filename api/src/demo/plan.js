// Which frames a capture for `/v1/liveness/verify` takes, and which of them it sends: no camera, no
// page, only numbers.
//
// The page does not measure faces, so it cannot know the moment at which an action is at its peak. It
// asks for a movement, leaves time to make it, asks to hold it, and takes its frames then. A blink
// cannot be held: it is taken as a burst, and chosen from.

/** Neutral frames at the start, as the API's document asks: every movement is measured from them. */
const CENTER_FRAMES = 2;
const FRAMES_PER_HEAD_ACTION = 3;
/** The document says 200 to 300 ms. */
const HELD_EVERY_MS = 300;

/** A blink's eyes are shut for 100 ms or little more, and a slow one's for longer: few slip through. */
const BURST_EVERY_MS = 120;
const BURST_FRAMES = 15;
/** Open, closing, shut, opening, open, and one to spare. */
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
 * @param {number} maxFrames what one request may hold
 * @returns {Shot[]}
 */
export function plan(challenge, maxFrames) {
  const held = (phase, count) => ({ phase, everyMs: HELD_EVERY_MS, take: count, keep: count });
  const heads = challenge.filter((action) => action !== "blink").length;
  // A blink gets what the others leave: 6 of 20 frames when all five actions are asked for.
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
 * Chooses frames of a burst: the one that differs most from the others, with both its neighbours, and
 * beyond that evenly spread ones. In a burst of somebody who only blinks it is the eyes that differ;
 * where something else moved more, the spread ones still catch a slow blink.
 *
 * @param {number[][]} thumbnails grey values of each frame
 * @param {number} keep at least 4
 * @returns {number[]} indices, rising
 */
export function choose(thumbnails, keep) {
  const last = thumbnails.length - 1;
  const oddest = mostDifferent(thumbnails);
  // The first and the last are open eyes, before and after.
  const chosen = new Set([0, last, oddest, Math.max(0, oddest - 1), Math.min(last, oddest + 1)]);
  // Each further one goes into the middle of the widest gap.
  while (chosen.size < Math.min(keep, thumbnails.length)) {
    const taken = [...chosen].sort((a, b) => a - b);
    const gaps = taken.slice(1).map((end, i) => ({ start: taken[i], width: end - taken[i] }));
    const widest = gaps.reduce((a, b) => (b.width > a.width ? b : a));
    chosen.add(widest.start + Math.floor(widest.width / 2));
  }
  return [...chosen].sort((a, b) => a - b).slice(-keep);
}

/** The frame furthest from the burst's median picture, which one blink does not change. */
function mostDifferent(thumbnails) {
  const median = thumbnails[0].map((_, pixel) => {
    const values = thumbnails.map((thumbnail) => thumbnail[pixel]).sort((a, b) => a - b);
    return values[values.length >> 1];
  });
  const distances = thumbnails.map((thumbnail) =>
    thumbnail.reduce((sum, value, pixel) => sum + Math.abs(value - median[pixel]), 0),
  );
  return distances.indexOf(Math.max(...distances));
}
