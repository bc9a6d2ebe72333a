import assert from "node:assert/strict";
import { test } from "node:test";

import { AnnouncementPacing, HintKeeper, LONGEST_SILENCE_MS, Pacing } from "../src/pacing.js";

const after = (roundTrip, answers = 20) => {
  const pacing = new Pacing(0);
  for (let i = 0; i < answers; i += 1) pacing.answered(roundTrip, i);
  return pacing;
};

test("on a quick network 5 to 10 frames a second are sent, most of them for a blink", () => {
  for (const roundTrip of [20, 100, 190]) {
    for (const challenge of ["TURN_LEFT", "BLINK", "SMILE", ""]) {
      const fps = 1000 / after(roundTrip).interval(challenge);
      assert.ok(fps >= 5 && fps <= 10, `${roundTrip} ms, ${challenge}: ${fps}`);
    }
  }
  assert.ok(after(50).interval("BLINK") < after(50).interval("TURN_LEFT"));
});

test("no more frames are sent than answers come", () => {
  const pacing = after(2_000);
  // Two at once, each of which takes two seconds.
  assert.ok(pacing.interval("BLINK") >= 990);
});

test("a slow network gets smaller frames, and does not flap between the sizes", () => {
  const pacing = after(100);
  assert.equal(pacing.picture.longerSide, 640);
  for (let i = 0; i < 30; i += 1) pacing.answered(900, i);
  assert.ok(pacing.isSlow);
  assert.ok(pacing.picture.longerSide < 640);
  for (let i = 0; i < 30; i += 1) pacing.answered(600, i);
  assert.ok(pacing.isSlow, "between the two limits it stays as it was");
  for (let i = 0; i < 30; i += 1) pacing.answered(200, i);
  assert.ok(!pacing.isSlow);
});

test("pauses after failures grow up to a limit, are spread, and respect what the server asks for", () => {
  const pacing = new Pacing(0);
  const pauses = Array.from({ length: 10 }, () => pacing.failed(0, 0.5));
  assert.ok(pauses.every((pause, i) => i === 0 || pause >= pauses[i - 1]));
  assert.equal(pauses.at(-1), 8_000);
  assert.ok(new Pacing(0).failed(0, 0) < new Pacing(0).failed(0, 1));
  assert.equal(new Pacing(0).failed(7, 0.5), 7_000);
  pacing.answered(50, 1);
  assert.ok(pacing.failed(0, 0.5) < 500, "an answer ends the series");
});

test("a check is given up after a long silence only", () => {
  const pacing = new Pacing(1_000);
  assert.ok(!pacing.isSilent(1_000 + LONGEST_SILENCE_MS));
  assert.ok(pacing.isSilent(1_001 + LONGEST_SILENCE_MS));
  pacing.resumed(50_000);
  assert.ok(!pacing.isSilent(50_001), "a pause is no silence");
});

test("a hint that comes and goes at once is not shown", () => {
  const keeper = new HintKeeper();
  assert.equal(keeper.next("no_face", 0), "");
  assert.equal(keeper.next("", 100), "");
  assert.equal(keeper.next("no_face", 200), "");
  assert.equal(keeper.next("no_face", 460), "no_face");
});

test("a hint stays until it can have been read", () => {
  const keeper = new HintKeeper();
  keeper.next("too_dark", 0);
  assert.equal(keeper.next("too_dark", 300), "too_dark");
  assert.equal(keeper.next("blurred", 400), "too_dark");
  assert.equal(keeper.next("blurred", 1_400), "too_dark");
  assert.equal(keeper.next("blurred", 1_501), "blurred");
  keeper.clear();
  assert.equal(keeper.next("", 1_502), "");
});

test("hints are announced now and then, and never the same twice", () => {
  const pacing = new AnnouncementPacing();
  assert.ok(pacing.mayHint("too_dark", 0));
  assert.ok(!pacing.mayHint("blurred", 1_000));
  assert.ok(!pacing.mayHint("too_dark", 9_000));
  assert.ok(pacing.mayHint("blurred", 9_000));
  pacing.said(9_500);
  assert.ok(!pacing.mayHint("too_dark", 13_000), "an instruction was just said");
  assert.ok(pacing.mayHint("blurred", 13_600), "after an instruction the same hint is news");
});
