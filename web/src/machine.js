// The states of a check, and what leads from one to the next. Pure.

/**
 * @typedef {"start" | "opening" | "ready" | "running" | "paused" | "sending" | "ended" | "error" | "cancelled"} State
 * @typedef {"start" | "camera" | "go" | "pause" | "resume" | "captured" | "done" | "fail" | "cancel" | "reset"} Step
 */

const TRANSITIONS = {
  start: { start: "opening" },
  opening: { camera: "ready", pause: "paused", fail: "error", cancel: "cancelled", reset: "start" },
  ready: { go: "running", pause: "paused", fail: "error", cancel: "cancelled" },
  running: { captured: "sending", pause: "paused", done: "ended", fail: "error", cancel: "cancelled" },
  paused: { resume: "opening", done: "ended", fail: "error", cancel: "cancelled" },
  sending: { done: "ended", fail: "error", cancel: "cancelled" },
  ended: { start: "opening", reset: "start" },
  error: { start: "opening", reset: "start" },
  cancelled: { start: "opening", reset: "start" },
};

/**
 * The state after a step; null where the step is not possible.
 *
 * @param {State} state @param {Step} step @returns {State | null}
 */
export function nextState(state, step) {
  return TRANSITIONS[state]?.[step] ?? null;
}

/** Whether a check is under way: the camera is on, or will be. @param {State} state */
export function isActive(state) {
  return ["opening", "ready", "running", "paused", "sending"].includes(state);
}

/** All states, for tests. */
export const STATES = Object.keys(TRANSITIONS);
