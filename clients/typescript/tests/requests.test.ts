// What is sent, and what answers become.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { ApiError, Livegate, info, type ClientOptions, type Picture } from "livegate";
import { file, picture } from "livegate/node";

const SESSION = "live_00000000000000000000000000000000";
const abc = new TextEncoder().encode("abc");

interface Sent {
  url: URL;
  headers: Headers;
  body: BodyInit | null | undefined;
  request: RequestInit;
}

// A client of a service that answers each request with the same body, and what it has sent.
function recorder(body: object, init: ResponseInit = {}, options: ClientOptions = {}) {
  const sent: Sent[] = [];
  const answer: typeof fetch = async (url, request) => {
    const headers = new Headers(request!.headers);
    sent.push({ url: new URL(String(url)), headers, body: request!.body, request: request! });
    return Response.json(body, init);
  };
  const client = new Livegate("http://service/", { ...options, fetch: answer });
  return { client, sent, json: () => JSON.parse(String(sent.at(-1)!.body)) };
}

test("pictures come from files and from memory", async () => {
  const folder = await mkdtemp(join(tmpdir(), "livegate-"));
  try {
    const path = join(folder, "picture.jpg");
    await writeFile(path, abc);
    const { client, sent, json } = recorder({ verified: true }, {}, { apiKey: "tsk_x\n" });
    const reference_image = await file(path);
    await client.verify(
      SESSION,
      [
        await picture(path, "center", 0),
        { image: abc, phase: "center", timestamp_ms: 250 },
        { image: new Blob([abc]), phase: "turn_left", timestamp_ms: 500 },
        { index: 3, timestamp_ms: 750, phase: "turn_left", image_b64: "YWJj" },
      ],
      { reference_image, attestation: "opaque" },
    );
    assert.equal(sent[0]!.url.href, "http://service/v1/liveness/verify");
    assert.equal(sent[0]!.headers.get("X-AI-API-Key"), "tsk_x");
    const { frames, ...rest } = json();
    assert.deepEqual(frames.map((frame: { index: number }) => frame.index), [0, 1, 2, 3]);
    assert(frames.every((frame: { image_b64: string }) => frame.image_b64 === "YWJj"));
    assert.deepEqual(rest, {
      session_id: SESSION,
      mode: "images",
      attestation: "opaque",
      reference_image_b64: "YWJj",
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("pictures of any size are encoded as base64", async () => {
  for (const size of [0, 1, 2, 3, 24575, 24576, 24577, 100_000]) {
    const image = Uint8Array.from({ length: size }, (_, at) => (at * 31) % 256);
    const { client, json } = recorder({ verified: true });
    await client.verifyVideo(SESSION, image);
    assert.equal(json().video_b64, Buffer.from(image).toString("base64"));
  }
});

test("a clip is sent in video mode with the caller's own idempotency key", async () => {
  const { client, sent, json } = recorder({ verified: true });
  const options = { reference_embedding: [0.5, 0.5], idempotencyKey: "mine" };
  await client.verifyVideo(SESSION, abc, options);
  assert.deepEqual(json(), {
    session_id: SESSION,
    mode: "video",
    video_b64: "YWJj",
    reference_embedding: [0.5, 0.5],
  });
  assert.equal(sent[0]!.headers.get("Idempotency-Key"), "mine");
});

test("each verify has an idempotency key of its own", async () => {
  const { client, sent } = recorder({ verified: true });
  await client.verify(SESSION, []);
  await client.verify(SESSION, []);
  const [first, second] = sent.map(({ headers }) => headers.get("Idempotency-Key"));
  assert(first && second && first !== second);
});

test("options of an interactive session go into query and body", async () => {
  const { client, sent, json } = recorder({ session_id: "id" });
  await client.createInteractiveSession({
    challenges: ["TURN_LEFT", "BLINK"],
    mirrored: true,
    timeout_seconds: 7.5,
  });
  assert.deepEqual(Object.fromEntries(sent[0]!.url.searchParams), {
    challenges: "TURN_LEFT,BLINK",
    mirrored: "true",
    timeout_seconds: "7.5",
  });
  assert.equal(sent[0]!.body, null);
  await client.createInteractiveSession({
    preset: "eye",
    reference_image: abc,
    attestation: "opaque",
  });
  assert.equal(sent[1]!.url.search, "?preset=eye");
  assert.deepEqual(json(), { reference_image_b64: "YWJj", attestation: "opaque" });
});

test("a client token sends frames without the key", async () => {
  const { client, sent } = recorder({ passed: false }, {}, { clientToken: "lct_x" });
  await client.submitFrame("some-id", abc);
  assert.equal(sent[0]!.headers.get("Authorization"), "Bearer lct_x");
  assert.equal(sent[0]!.headers.get("X-AI-API-Key"), null);
  assert.equal(sent[0]!.url.pathname, "/api/v1/liveness/sessions/some-id/frame");
  const image = (sent[0]!.body as FormData).get("image");
  assert.equal(await (image as File).text(), "abc");
});

test("the headers of an answer can be read", async () => {
  const headers = { "X-Livegate-Request-Id": "id", "X-Livegate-Test": "true" };
  const { client } = recorder({}, { headers });
  const answer = await client.createSession();
  assert.deepEqual(info(answer), { request_id: "id", test: true, replayed: false });
  assert.throws(() => info({}), TypeError);
});

test("fields and codes of later versions are kept", async () => {
  const body = { verified: false, reason_codes: ["a_later_reason"], a_later_field: [1] };
  assert.deepEqual(await recorder(body).client.verify(SESSION, []), body);
});

test("a health page is no error when it says that the service is down", async () => {
  const body = { status: "down", version: "1", components: {} };
  assert.equal((await recorder(body, { status: 503 }).client.health()).status, "down");
});

test("a session id cannot become another path", async () => {
  for (const id of ["..", "a/b", "a?b", "", "é", "a".repeat(65)]) {
    await assert.rejects(recorder({}).client.sessionStatus(id), TypeError);
  }
});

test("a secret is in no message", () => {
  const build = () => new Livegate("http://service", { apiKey: "tsk_se\ncret" });
  assert.throws(build, (error: Error) => !error.message.includes("cret"));
  const both = { apiKey: "tsk_x", clientToken: "lct_x" };
  assert.throws(() => new Livegate("http://service", both), TypeError);
});

test("an address must be whole outside of a page", () => {
  assert.throws(() => new Livegate("livegate.example.com"), TypeError);
  assert.throws(() => new Livegate(""), TypeError);
});

test("a redirect is not followed with the key", async () => {
  const { client, sent } = recorder({}, { status: 307 }, { apiKey: "tsk_x" });
  await assert.rejects(client.createSession(), (error) => (error as ApiError).status === 307);
  assert.deepEqual([sent.length, sent[0]!.request.redirect], [1, "manual"]);
});

test("a check takes a new session when the service failed", async () => {
  const captured: string[] = [];
  let requests = 0;
  const answer: typeof fetch = async (url, request) => {
    requests += 1;
    if (String(url).endsWith("session")) return Response.json({ session_id: `live_${requests}` });
    if (requests > 2) return Response.json(JSON.parse(String(request!.body)));
    const headers = { "Idempotent-Replayed": "true" };
    return Response.json({ error: "No.", code: "PROCESSING_ERROR" }, { status: 502, headers });
  };
  const client = new Livegate("http://x", { fetch: answer });
  const verdict = await client.check(async ({ session_id }): Promise<Picture[]> => {
    captured.push(session_id);
    return [];
  });
  assert.deepEqual([captured, requests], [["live_1", "live_3"], 4]);
  assert.equal((verdict as unknown as { session_id: string }).session_id, "live_3");
});
