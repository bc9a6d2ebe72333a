import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { readFile, readdir } from "node:fs/promises";

import { betterCamera, cameraKind, selectable } from "../src/devices.js";
import { frameSize } from "../src/encoder.js";
import { hasEnded, hintOf, progressOf } from "../src/interactive.js";
import { choose, plan } from "../src/plan.js";
import { crashesOverBitmaps, isInApp } from "../src/support.js";

test("progress is full where the server's threshold is", () => {
  const cases = [[0, 0], [0.25, 0.5], [0.5, 1], [0.9, 1], [undefined, 0], [-1, 0]];
  for (const [confidence, progress] of cases) assert.equal(progressOf(confidence), progress);
});

test("nobody is told to go on before they have begun", () => {
  assert.equal(hintOf("keep_going", 0), "");
  assert.equal(hintOf("keep_going", 0.5), "keep_going");
  assert.equal(hintOf("no_face", 0), "no_face");
  assert.equal(hintOf(null, 1), "");
});

test("a session ends with its state, whatever its verdict", () => {
  for (const state of ["completed", "failed", "expired"]) assert.ok(hasEnded({ state }));
  assert.ok(!hasEnded({ state: "in_progress", session_complete: false }));
});

test("cameras are told apart by their labels", () => {
  const kinds = {
    "FaceTime HD Camera (Built-in)": "front",
    "Integrated IR Camera": "infrared",
    "camera2 1, facing front": "front",
    "camera2 0, facing back": "back",
    "Back Ultra Wide Camera": "back",
    "Rückkamera": "back",
    "OBS Virtual Camera": "virtual",
    "Dummy video device (0x0000)": "virtual",
    "v4l2loopback": "virtual",
    "HD Pro Webcam C920 (046d:082d)": "unknown",
    "Fir Camera": "unknown",
    "": "unknown",
  };
  for (const [label, kind] of Object.entries(kinds)) assert.equal(cameraKind(label), kind, label);
});

test("an infrared or virtual camera gives way to a better one, and only to that", () => {
  const camera = (label) => ({ deviceId: label, label });
  const [front, infrared, virtual, other] = ["Front", "IR Camera", "OBS Virtual Camera", "USB camera"].map(camera);
  assert.equal(betterCamera([infrared, front], infrared), front);
  assert.equal(betterCamera([virtual, other], virtual), other);
  assert.equal(betterCamera([other, front], other), null, "the browser's own choice stands");
  assert.equal(betterCamera([virtual], virtual), null, "the only camera is used, and reported");
  assert.deepEqual(selectable([front, infrared, virtual]), [front, virtual]);
});

test("frames are never enlarged and keep their shape", () => {
  assert.deepEqual(frameSize(1280, 720, 640), { width: 640, height: 360 });
  assert.deepEqual(frameSize(720, 1280, 640), { width: 360, height: 640 });
  assert.deepEqual(frameSize(320, 240, 640), { width: 320, height: 240 });
});

test("a plan asks for no more frames than the service takes", () => {
  const actions = ["turn_left", "turn_up", "blink", "turn_down", "turn_right"];
  for (let count = 2; count <= 5; count += 1) {
    const shots = plan(actions.slice(0, count), 20);
    const sent = shots.reduce((sum, { keep }) => sum + keep, 0);
    assert.ok(sent >= 8 && sent <= 20, `${count} actions: ${sent}`);
    assert.equal(shots[0].phase, "center");
  }
});

test("of a blink's burst the shut eyes are chosen, with their neighbours", () => {
  const open = Array(10).fill(100);
  const burst = Array.from({ length: 15 }, (_, i) => (i === 7 ? Array(10).fill(60) : open));
  const chosen = choose(burst, 6);
  for (const index of [0, 6, 7, 8, 14]) assert.ok(chosen.includes(index), `${index} of ${chosen}`);
  assert.equal(chosen.length, 6);
});

test("browsers inside apps are known", () => {
  const inApp = [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 [FBAN/FBIOS;FBAV/440.0]",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit/605.1.15 Instagram 300.0",
  ];
  for (const agent of inApp) assert.ok(isInApp(agent), agent);
  assert.ok(!isInApp("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"));
});

test("only WebKit on Linux encodes in the page because of its bug", () => {
  const webkit = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/60.5 Safari/605.1.15";
  assert.ok(crashesOverBitmaps(`Mozilla/5.0 (X11; Linux x86_64) ${webkit}`));
  const others = [
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit}`,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  ];
  for (const agent of others) assert.ok(!crashesOverBitmaps(agent), agent);
});

test("all of the component with one language is under 40 KB compressed", async () => {
  const folder = new URL("../src/", import.meta.url);
  const names = (await readdir(folder)).map((name) => new URL(name, folder));
  const files = [new URL("../livegate-check.js", import.meta.url), new URL("../i18n/hi.json", import.meta.url), ...names];
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const size = gzipSync(texts.join("\n")).length;
  assert.ok(size < 40_000, `${size} bytes`);
});
