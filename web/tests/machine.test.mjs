import assert from "node:assert/strict";
import { test } from "node:test";

import { STATES, isActive, nextState } from "../src/machine.js";

const STEPS = ["start", "camera", "go", "pause", "resume", "captured", "done", "fail", "cancel", "reset"];

test("every state is reached from the start", () => {
  const reached = new Set(["start"]);
  for (const state of reached) {
    for (const step of STEPS) {
      const next = nextState(state, step);
      if (next) reached.add(next);
    }
  }
  assert.deepEqual([...reached].sort(), [...STATES].sort());
});

test("a check that is under way can be cancelled and can fail, and no other can", () => {
  for (const state of STATES) {
    assert.equal(nextState(state, "cancel"), isActive(state) ? "cancelled" : null, state);
    assert.equal(nextState(state, "fail"), isActive(state) ? "error" : null, state);
  }
});

test("a check that is over can start again, and one that is under way cannot", () => {
  for (const state of STATES) assert.equal(nextState(state, "start"), isActive(state) ? null : "opening", state);
});

test("whatever shows the camera can be paused, and goes on by opening it again", () => {
  for (const state of ["opening", "ready", "running"]) assert.equal(nextState(state, "pause"), "paused");
  assert.equal(nextState("paused", "resume"), "opening");
  assert.equal(nextState("sending", "pause"), null);
});

test("unknown states and steps lead nowhere", () => {
  assert.equal(nextState("nowhere", "start"), null);
  assert.equal(nextState("start", "fly"), null);
});
