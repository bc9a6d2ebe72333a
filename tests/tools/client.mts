// An integrator's program on the types that openapi-typescript generates, checked by tsc.

import assert from "node:assert/strict";

import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";

type Schemas = components["schemas"];

const { BASE, KEY, CAMERA } = process.env as Record<string, string>;
interface Camera {
  capture(challenge: string[]): Promise<Schemas["Frame"][]>;
  live(challenge: string): Blob[];
}
const { capture, live }: Camera = await import(CAMERA!);

const client = createClient<paths>({ baseUrl: BASE!, headers: { "X-AI-API-Key": KEY! } });

async function create(body?: Schemas["SessionRequest"]): Promise<Schemas["SessionCreated"]> {
  const { data, error } = await client.POST("/v1/liveness/session", { body });
  assert(data, error?.error);
  return data;
}

async function verify(session_id: string, frames: Schemas["Frame"][]) {
  return client.POST("/v1/liveness/verify", { body: { session_id, mode: "images", frames } });
}

// Somebody live, asked for nothing in particular: the body is optional.
const session = await create();
const frames = await capture(session.challenge);
const { data: verdict } = await verify(session.session_id, frames);
assert(verdict?.verified, "not verified");
const verified: Schemas["Verified"] = verdict;
assert.equal(verified.verified, true);
assert.equal(verified.embedding.length, 512);
assert.deepEqual(verified.challenge_details.completed_actions, session.challenge);

// The session is used: an error with its type.
const again = await verify(session.session_id, frames);
assert.equal(again.response.status, 409);
const used: Schemas["ErrorCode"] | undefined = again.error?.code;
assert.equal(used, "SESSION_USED");

// Somebody who does nothing.
const actions: Schemas["Action"][] = ["turn_left", "turn_right", "blink"];
const still = await create({ actions, yaw_deg: 25 });
const neutral = frames[0]!.image_b64;
const nothing = (await capture(actions)).map((frame) => ({ ...frame, image_b64: neutral }));
const { data: rejection } = await verify(still.session_id, nothing);
assert(rejection && !rejection.verified, "not rejected");
const rejected: Schemas["Rejected"] = rejection;
const score: number | null = rejected.same_person_score;
assert.equal(score, 1);
const failed = rejected.rejection_details.failed_actions ?? [];
assert.deepEqual(failed.map((action) => action.action), actions);

const { data: status } = await client.GET("/v1/liveness/session/{id}", {
  params: { path: { id: still.session_id } },
});
assert.equal(status?.state satisfies Schemas["SessionState"] | undefined, "rejected");
assert.deepEqual(status?.reason_codes, ["challenge_failed"]);

const stranger = await client.POST("/v1/liveness/session", {
  headers: { "X-AI-API-Key": "tsk_unknown" },
});
assert.equal(stranger.response.status, 401);
assert.equal(stranger.error?.code, "UNAUTHORIZED");

const health = await createClient<paths>({ baseUrl: BASE! }).GET("/v1/liveness/health");
assert.equal(health.data?.status, "ok");

// Frame by frame: the backend creates the session and reads its verdict, the browser sends the frames.
const asked: Schemas["ChallengeType"][] = ["TURN_LEFT", "SMILE"];
const { data: created, error: refused } = await client.POST("/api/v1/liveness/sessions", {
  params: { query: { challenges: asked, timeout_seconds: 30 } },
  querySerializer: { array: { style: "form", explode: false } },
});
assert(created, refused?.error);
assert.equal(created.state satisfies Schemas["InteractiveState"], "pending");
const path = { id: created.session_id };
const browser = createClient<paths>({
  baseUrl: BASE!,
  headers: { Authorization: `Bearer ${created.client_token}` },
});

async function send(image: Blob): Promise<Schemas["FrameResult"]> {
  const form = new FormData();
  form.append("image", image, "frame.jpg");
  const { data, error } = await browser.POST("/api/v1/liveness/sessions/{id}/frame", {
    params: { path },
    // Its type is that of JSON: a file has none there.
    body: { image: "" },
    bodySerializer: () => form,
  });
  assert(data, error?.error);
  return data;
}

const results: Schemas["FrameResult"][] = [];
for (const challenge of created.challenges) {
  for (const image of live(challenge.type)) {
    results.push(await send(image));
  }
}
assert.deepEqual(results.map((result) => result.passed), [false, false, true, false, true]);
const feedback: Schemas["Feedback"] | null = results[0]!.feedback;
assert.equal(feedback, "keep_going");
const last = results.at(-1)!;
const is_live: boolean | null = last.is_live;
const judged: Schemas["ChallengeType"] | null = last.challenge_type;
assert.deepEqual([is_live, judged, last.session_complete], [true, "SMILE", true]);
assert.equal(last.anti_spoof_avg_score, undefined, "scores are for the owner of the key");

const session_path = "/api/v1/liveness/sessions/{id}";
const { data: ended } = await client.GET(session_path, { params: { path } });
assert.equal(ended?.state, "completed");
assert.equal(ended?.is_live, true);
assert.deepEqual(ended?.reason_codes?.includes("liveness_passed"), true);
const { data: gone } = await client.DELETE(session_path, { params: { path } });
assert.equal(gone?.cancelled, created.session_id);
const unknown = await client.GET(session_path, { params: { path } });
assert.equal(unknown.error?.code, "SESSION_NOT_FOUND");

const { data: presets } = await client.GET("/api/v1/liveness/presets");
for (const preset of presets ?? []) {
  const query = { preset: preset.name };
  const { data } = await client.POST("/api/v1/liveness/sessions", { params: { query } });
  assert.equal(data?.challenges.length, preset.num_challenges);
}
assert.equal(presets?.length, 5);

console.log("done");
