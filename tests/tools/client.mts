// An integrator's program on the types that openapi-typescript generates, checked by tsc.

import assert from "node:assert/strict";

import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";

type Schemas = components["schemas"];

const { BASE, KEY, CAMERA } = process.env as Record<string, string>;
const { capture }: { capture: (challenge: string[]) => Promise<Schemas["Frame"][]> } = await import(
  CAMERA!
);

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

console.log("done");
