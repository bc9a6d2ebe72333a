import assert from "node:assert/strict";
import { test } from "node:test";

import { PATIENCE_MS, Pictures } from "../src/pictures.js";

/** A video whose pictures come when `show` is called. */
function video() {
  let tell = () => {};
  return {
    requestVideoFrameCallback: (callback) => (tell = callback),
    show: () => tell(),
  };
}

const never = new AbortController().signal;

/** Whether a promise is settled by now. */
const isSettled = (promise) => Promise.race([promise.then(() => true), new Promise((r) => setTimeout(() => r(false), 5))]);

test("a picture is taken once, also by two that wait at the same time", async () => {
  const camera = video();
  const pictures = new Pictures(camera);
  camera.show();
  assert.ok(await isSettled(pictures.next(never)));
  const [second, third] = [pictures.next(never), pictures.next(never)];
  assert.equal(await isSettled(second), false);
  camera.show();
  assert.ok(await isSettled(second));
  assert.equal(await isSettled(third), false);
  camera.show();
  assert.ok(await isSettled(third));
});

test("of pictures that nobody took, only the newest counts", async () => {
  const camera = video();
  const pictures = new Pictures(camera);
  for (let i = 0; i < 5; i += 1) camera.show();
  await pictures.next(never);
  assert.equal(await isSettled(pictures.next(never)), false);
});

test("a camera that stands still is sent all the same, after a moment", async () => {
  const began = performance.now();
  await new Pictures(video()).next(never);
  assert.ok(performance.now() - began >= PATIENCE_MS - 2);
});

test("a browser that never told of a picture is waited for once", async () => {
  const pictures = new Pictures(video());
  await pictures.next(never);
  assert.ok(await isSettled(pictures.next(never)));
});

test("a browser that does not tell of pictures is never waited for", async () => {
  assert.ok(await isSettled(new Pictures({}).next(never)));
});

test("an end ends the wait", async () => {
  const end = new AbortController();
  const waiting = new Pictures(video()).next(end.signal);
  end.abort(new Error("ended"));
  await assert.rejects(waiting, /ended/);
});
