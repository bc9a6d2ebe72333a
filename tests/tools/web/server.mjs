// A server for tests of `<livegate-check>` in browsers: the component's own files, a page whose camera is a drawn
// face, and an interactive API that answers by script. The name of a session says how it goes:
//
//     pass      every challenge is passed after a few frames
//     tips      the last frame fails the session, with retry_hints
//     slow      answers come late
//     gone      404 from the start
//     busy      429 with Retry-After for every frame
//     broken    500 for every frame
//     cut       the connection is cut for two seconds and four requests after the third frame, then it passes
//     stay      never ends
//
// The server collects what pages report at `/report`.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const ROOT = new URL("../../../", import.meta.url);
const TYPES = { js: "text/javascript", mjs: "text/javascript", json: "application/json", html: "text/html" };
/** As strict as a page can be that uses the component from the same origin. */
const POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
const CHALLENGES = ["TURN_LEFT", "BLINK", "LOOK_UP"];
const FRAMES_EACH = 6;

/** @returns {Promise<{url: string, report: () => Promise<object>, frames: object[], close: () => void}>} */
export async function serve() {
  const sessions = new Map();
  const frames = [];
  const reports = [];
  const waiting = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://here");
    const body = [];
    for await (const part of request) body.push(part);
    const bytes = Buffer.concat(body);
    if (pathname === "/report") {
      const report = JSON.parse(bytes);
      const reader = waiting.shift();
      if (reader) reader(report);
      else reports.push(report);
      return response.end("{}");
    }
    const api = /^\/api\/v1\/liveness\/sessions\/([\w-]+)(\/frame)?$/.exec(pathname);
    if (api) return answer(response, request.method, api[1], Boolean(api[2]), bytes);
    const file = pathname.startsWith("/web/") ? pathname.slice(1) : `tests/tools/web${pathname}`;
    try {
      const content = await readFile(new URL(file, ROOT));
      const type = TYPES[file.split(".").pop()] ?? "text/plain";
      response.writeHead(200, { "Content-Type": `${type}; charset=utf-8`, "Content-Security-Policy": POLICY }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });

  async function answer(response, method, id, isFrame, bytes) {
    const [how] = id.split("-");
    const json = (status, value, headers = {}) =>
      response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(value));
    const session = sessions.get(id) ?? { passed: 0, frames: 0, state: "pending" };
    sessions.set(id, session);
    const challenges = CHALLENGES.map((type) => ({ type, instruction: `${type}!`, timeout_seconds: 20 }));
    const remaining = () => challenges.length - session.passed;
    if (how === "gone" || session.isCancelled) return json(404, { error: "no such session", code: "SESSION_NOT_FOUND" });
    if (method === "DELETE") {
      session.isCancelled = true;
      return json(200, { cancelled: id });
    }
    if (!isFrame) {
      return json(200, { session_id: id, state: session.state, challenges, challenges_remaining: remaining(), expires_at: "" });
    }
    frames.push({ id, bytes: bytes.length, at: performance.now() });
    session.frames += 1;
    session.state = "in_progress";
    if (how === "busy") return json(429, { error: "wait", code: "RATE_LIMIT" }, { "Retry-After": "1" });
    if (how === "broken") return json(500, { error: "broken", code: "INTERNAL_ERROR" });
    if (how === "slow") await new Promise((done) => setTimeout(done, 1_000));
    if (how === "cut" && session.frames > 3) {
      session.cutUntil ??= performance.now() + 2_000;
      session.refused = (session.refused ?? 0) + 1;
      // By requests too: a browser that has few turns on a busy machine must notice it all the same.
      if (performance.now() < session.cutUntil || session.refused <= 4) return response.destroy();
    }
    const type = CHALLENGES[Math.min(session.passed, CHALLENGES.length - 1)];
    session.seen = how === "stay" ? Math.min(2, (session.seen ?? 0) + 1) : (session.seen ?? 0) + 1;
    const isPassed = session.seen >= FRAMES_EACH;
    const feedback = isPassed ? null : session.seen < 4 ? "no_face" : "keep_going";
    if (isPassed) {
      session.passed += 1;
      session.seen = 0;
    }
    const isOver = session.passed === CHALLENGES.length;
    const isFailed = how === "tips" && session.passed === 1;
    if (isOver) session.state = "completed";
    if (isFailed) session.state = "failed";
    json(200, {
      session_id: id,
      challenge_type: type,
      passed: isPassed,
      confidence: isPassed ? 0.6 : session.seen / 14,
      challenges_remaining: remaining(),
      session_complete: isOver,
      is_live: isFailed ? false : isOver ? true : null,
      state: session.state,
      feedback: isFailed ? null : feedback,
      ...(isFailed && { reason_codes: ["challenge_failed"], retry_hints: ["more_light", "turn_further_left", "a_hint_of_tomorrow"] }),
    });
  }

  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    report: () => new Promise((done) => (reports.length > 0 ? done(reports.shift()) : waiting.push(done))),
    frames,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname) console.log((await serve()).url);
