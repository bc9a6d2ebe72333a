// Which requests are sent again: the table that both clients are tested with.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test, type TestContext } from "node:test";

import { ApiError, Livegate, NewSessionNeeded, NoAnswer, type ErrorCode } from "livegate";

interface Row {
  status: number | "lost" | "refused";
  code?: string | null;
  retry_after?: number;
  replayed?: boolean;
  again: string[];
  new_session: string[];
}

const TABLE: Row[] = JSON.parse(
  readFileSync(process.env.RETRIES ?? new URL("../../../retries.json", import.meta.url), "utf8"),
);
const SESSION = "live_00000000000000000000000000000000";
const bytes = new Uint8Array([1, 2, 3]);
const pictures = [{ image: bytes, phase: "center", timestamp_ms: 0 }];

const CALLS: Record<string, (client: Livegate) => Promise<object>> = {
  create: (client) => client.createSession(),
  verify: (client) => client.verify(SESSION, pictures),
  verify_without_key: (client) => client.verify(SESSION, pictures),
  frame: (client) => client.submitFrame(SESSION, bytes),
  read: (client) => client.sessionStatus(SESSION),
  cancel: (client) => client.cancelInteractiveSession(SESSION),
};

// Lets pauses pass at once, and gives them in seconds. The limits of requests never end.
function pausesOf(t: TestContext): number[] {
  const pauses: number[] = [];
  t.mock.method(globalThis, "setTimeout", (done: () => void, milliseconds: number) => {
    if (milliseconds >= 10_000) return;
    pauses.push(milliseconds / 1000);
    queueMicrotask(done);
  });
  return pauses;
}

// Answers the first request as a row of the table says, the second with success.
function service(row: Row, requests: RequestInit[]): typeof fetch {
  return async (_, request) => {
    requests.push(request!);
    if (requests.length > 1) return Response.json({ good: true });
    if (typeof row.status === "string") {
      const code = row.status === "lost" ? "ECONNRESET" : "ECONNREFUSED";
      throw new TypeError("fetch failed", { cause: { code } });
    }
    const headers: Record<string, string> = { "X-Livegate-Request-Id": "id" };
    if (row.retry_after) headers["Retry-After"] = String(row.retry_after);
    if (row.replayed) headers["Idempotent-Replayed"] = "true";
    const body = row.code ? JSON.stringify({ error: "Fix it.", code: row.code }) : "<html>";
    return new Response(body, { status: row.status, headers });
  };
}

for (const row of TABLE) {
  for (const [name, call] of Object.entries(CALLS)) {
    const again = row.again.includes(name);
    const answer = [row.replayed ? "a replayed" : "", row.status, row.code].join(" ");
    const title = `${name} after ${answer} is ${again ? "" : "not "}sent again`;
    test(title, async (t) => {
      const pauses = pausesOf(t);
      const requests: RequestInit[] = [];
      const idempotency = name !== "verify_without_key";
      const answered = call(
        new Livegate("http://x", { apiKey: "tsk_x", idempotency, fetch: service(row, requests) }),
      );
      if (again) {
        assert.deepEqual({ ...(await answered) }, { good: true });
        const keys = requests.map(({ headers }) => new Headers(headers).get("Idempotency-Key"));
        assert.equal(keys.length, 2);
        assert.equal(keys[0], keys[1]);
        assert.equal(keys[0] !== null, name === "verify");
        assert.equal(requests[0]!.body, requests[1]!.body);
        assert.equal(pauses.length, 1);
        assert(pauses[0]! >= (row.retry_after ?? 0.1));
        return;
      }
      const error: unknown = await answered.then(
        () => assert.fail("no error"),
        (error) => error,
      );
      assert.deepEqual([requests.length, pauses], [1, []]);
      assert.equal(error instanceof NewSessionNeeded, row.new_session.includes(name));
      if (typeof row.status === "string") {
        assert(error instanceof NoAnswer);
        assert.equal(error.sent, row.status === "lost");
      } else {
        assert(error instanceof ApiError);
        assert.deepEqual([error.status, error.code], [row.status, row.code]);
        assert.deepEqual([error.request_id, error.retry_after], ["id", row.retry_after ?? null]);
        assert.equal(error.replayed, row.replayed ?? false);
      }
    });
  }
}

test("known codes and unknown ones are both allowed by the type of a code", () => {
  const fields = { status: 429, code: "LATER", request_id: null, retry_after: 1, replayed: false };
  const error = new ApiError("No.", fields);
  const known: ErrorCode = "RATE_LIMIT";
  assert.notEqual(error.code, known);
});

test("pauses grow and tries end", async (t) => {
  const pauses = pausesOf(t);
  const refuse: typeof fetch = () => Promise.reject(new TypeError("fetch failed"));
  await assert.rejects(new Livegate("http://x", { fetch: refuse }).health(), NoAnswer);
  assert.equal(pauses.length, 3);
  assert(pauses[0]! < pauses[1]! && pauses[1]! < pauses[2]!);
});

test("a cancellation whose answer was lost has happened", async (t) => {
  const pauses = pausesOf(t);
  const answer: typeof fetch = async () => {
    if (!pauses.length) throw new TypeError("fetch failed");
    return Response.json({ error: "No.", code: "SESSION_NOT_FOUND" }, { status: 404 });
  };
  const client = new Livegate("http://x", { fetch: answer });
  assert.deepEqual(await client.cancelInteractiveSession("some-id"), { cancelled: "some-id" });
});

test("a limit of time ends a request, and a signal ends its repetitions", async () => {
  const hang: typeof fetch = (_, request) =>
    new Promise((_, failed) => {
      const { signal } = request!;
      signal!.addEventListener("abort", () => failed(signal!.reason));
    });
  const client = new Livegate("http://x", { fetch: hang, timeout: 1, retries: 0 });
  await assert.rejects(client.health(), (error) => error instanceof NoAnswer && error.sent);
  const signal = AbortSignal.abort(new Error("the user left"));
  await assert.rejects(client.health({ signal }), /the user left/);
  const later = new AbortController();
  const call = new Livegate("http://x", { fetch: hang }).health({ signal: later.signal });
  later.abort(new Error("the user left"));
  await assert.rejects(call, /the user left/);
});
