// Against a running service: BASE, KEY, TEST_KEY, PICTURES (a file: base64 pictures by phase).

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  ApiError,
  Livegate,
  NewSessionNeeded,
  ReceiptInvalid,
  info,
  type Picture,
} from "livegate";
import { verifyReceipt } from "livegate/receipts";

const { BASE = "http://localhost", KEY = "", PICTURES } = process.env;
const options = { skip: PICTURES === undefined && "no service is running" };
const livegate = new Livegate(BASE, { apiKey: KEY });

// Pictures of somebody who shows a phase, or does what a live challenge asks.
function shown(name: string): Uint8Array[] {
  const pictures: Record<string, string[]> = JSON.parse(readFileSync(PICTURES!, "utf8"));
  return pictures[name]!.map((picture) => Buffer.from(picture, "base64"));
}

// What somebody live shows for a session's challenge.
async function capture({ challenge }: { challenge: string[] }): Promise<Picture[]> {
  return ["center", ...challenge]
    .flatMap((phase) => shown(phase).map((image) => ({ phase, image })))
    .map((picture, at) => ({ ...picture, timestamp_ms: 10 * at }));
}

function isError(kind: typeof ApiError, code: string) {
  return (error: unknown) => error instanceof kind && error.code === code;
}

test("somebody live is verified once", options, async () => {
  const session = await livegate.createSession();
  const { session_id } = session;
  const verdict = await livegate.verify(session_id, await capture(session));
  assert(verdict.verified);
  assert.equal(verdict.embedding.length, 512);
  assert(info(verdict).request_id && !info(verdict).test);
  assert.equal((await livegate.sessionStatus(session_id)).state, "verified");
  const again = livegate.verify(session_id, await capture(session));
  await assert.rejects(again, isError(NewSessionNeeded, "SESSION_USED"));
});

test("the receipt of a verdict binds session and attestation", options, async () => {
  const session = await livegate.createSession();
  const { session_id } = session;
  const attestation = "opaque";
  const verdict = await livegate.verify(session_id, await capture(session), { attestation });
  const jwks = await livegate.jwks();
  const claims = await verifyReceipt(verdict.receipt!, jwks, { session_id });
  assert.deepEqual([claims.verified, claims.jti], [true, info(verdict).request_id]);
  const hash = createHash("sha256").update(attestation).digest("hex");
  assert.equal(claims.attestation_sha256, hash);
  const other = verifyReceipt(verdict.receipt!, jwks, { session_id: "live_other" });
  await assert.rejects(other, ReceiptInvalid);
  await assert.rejects(verifyReceipt(verdict.receipt!, { keys: [] }), ReceiptInvalid);
});

test("somebody who does nothing is rejected without an error", options, async () => {
  const actions = ["turn_left", "turn_right", "blink"] as const;
  const session = await livegate.createSession({ actions: [...actions], yaw_deg: 25 });
  const [image] = shown("center");
  const pictures = (await capture(session)).map((picture) => ({ ...picture, image: image! }));
  const verdict = await livegate.verify(session.session_id, pictures);
  assert(!verdict.verified);
  assert.deepEqual(verdict.reason_codes, ["challenge_failed"]);
  const failed = verdict.rejection_details.failed_actions ?? [];
  assert.deepEqual(failed.map(({ action }) => action), actions);
});

test("a check, and a clip", options, async () => {
  assert((await livegate.check(capture)).verified);
  const { session_id } = await livegate.createSession();
  const verdict = await livegate.verifyVideo(session_id, new Blob(["not a clip"]));
  assert.deepEqual(verdict.reason_codes, ["invalid_input"]);
});

test("a verdict whose answer was lost arrives all the same", options, async () => {
  let lost = 0;
  const losesAnswers: typeof fetch = async (url, request) => {
    const response = await fetch(url, request);
    if (!String(url).endsWith("/verify") || lost) return response;
    await response.text();
    lost += 1;
    throw new TypeError("fetch failed", { cause: { code: "ECONNRESET" } });
  };
  const client = new Livegate(BASE, { apiKey: KEY, fetch: losesAnswers });
  const session = await client.createSession();
  const verdict = await client.verify(session.session_id, await capture(session));
  assert(verdict.verified && verdict.embedding.length === 512);
  assert.deepEqual([lost, info(verdict).replayed], [1, true]);
});

test("a browser sends frames and the backend reads the verdict", options, async () => {
  const session = await livegate.createInteractiveSession({
    challenges: ["TURN_LEFT", "SMILE"],
    attestation: "opaque",
  });
  const { session_id, client_token } = session;
  const browser = new Livegate(BASE, { clientToken: client_token });
  let last;
  for (const { type } of session.challenges) {
    for (const image of shown(type)) last = await browser.submitFrame(session_id, image);
  }
  assert(last?.is_live && last.anti_spoof_avg_score === undefined);
  await assert.rejects(browser.createSession(), isError(ApiError, "UNAUTHORIZED"));
  const status = await livegate.interactiveSession(session_id);
  assert(status.is_live && status.anti_spoof_avg_score! > 0.5);
  const claims = await verifyReceipt(status.receipt!, await livegate.jwks(), { session_id });
  assert(claims.verified && claims.attestation_sha256);
  assert.deepEqual(await livegate.cancelInteractiveSession(session_id), { cancelled: session_id });
  const gone = livegate.interactiveSession(session_id);
  await assert.rejects(gone, isError(NewSessionNeeded, "SESSION_NOT_FOUND"));
});

test("a test key reaches each branch without a face", options, async () => {
  const tested = new Livegate(BASE, { apiKey: process.env.TEST_KEY! });
  const verify = async (test_outcome: string) => {
    const { session_id } = await tested.createSession({ test_outcome });
    const image = shown("center")[0]!;
    const still = Array.from({ length: 8 }, (_, at) => ({ image, phase: "center", timestamp_ms: at }));
    return tested.verify(session_id, still);
  };
  for (const outcome of ["verified", "RATE_LIMIT,verified"]) {
    const verdict = await verify(outcome);
    assert(verdict.verified && info(verdict).test);
  }
  for (const reason of ["spoof_detected", "different_persons_detected", "challenge_failed"]) {
    assert.deepEqual((await verify(reason)).reason_codes, [reason]);
  }
  for (const code of ["SESSION_USED", "SESSION_EXPIRED", "SESSION_NOT_FOUND", "PROCESSING_ERROR"]) {
    await assert.rejects(verify(code), isError(NewSessionNeeded, code));
  }
  await assert.rejects(verify("INVALID_FRAME_FORMAT"), isError(ApiError, "INVALID_FRAME_FORMAT"));
  const live = livegate.createSession({ test_outcome: "verified" });
  await assert.rejects(live, isError(ApiError, "INVALID_INPUT"));
});

test("every preset makes a session", options, async () => {
  for (const preset of await livegate.presets()) {
    const session = await livegate.createInteractiveSession({ preset: preset.name });
    assert.equal(session.challenges.length, preset.num_challenges);
  }
});

test("the health page needs no key and a wrong key is refused", options, async () => {
  assert.equal((await new Livegate(BASE).health()).status, "ok");
  const stranger = new Livegate(BASE, { apiKey: "tsk_unknown" });
  await assert.rejects(stranger.createSession(), (error) => {
    assert(error instanceof ApiError && error.request_id !== null && !error.temporary);
    return error.status === 401 && error.code === "UNAUTHORIZED";
  });
});
