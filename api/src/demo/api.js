// The calls that the page makes. A real integration has two parties here: its backend makes the calls
// with the API key, and its page makes those with the `client_token`. This page plays both.

/** An answer that is an error: the server's sentence and code. */
export class ApiError extends Error {
  /** @param {number} retryAfter seconds; 0 where the server said nothing of it */
  constructor(status, code, message, retryAfter) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** No answer: offline, refused, cut off, or too late. */
export class NetworkError extends Error {}

/** Longer than the server's own deadline for a verification by default, so that its answer comes first. */
const TIMEOUT_MS = 30_000;
/** A live frame that takes longer tells nothing about now. */
const FRAME_TIMEOUT_MS = 8_000;

const INTERACTIVE = "/api/v1/liveness";
const SERVER_TO_SERVER = "/v1/liveness";

/** @param {() => string} key gives the API key as it is now */
export function createApi(key) {
  const owner = () => ({ "X-AI-API-Key": key() });
  const client = (session) => ({ Authorization: `Bearer ${session.client_token}` });
  const one = (session) => `${INTERACTIVE}/sessions/${encodeURIComponent(session.session_id)}`;

  return {
    presets: () => call("GET", `${INTERACTIVE}/presets`, { headers: owner() }),

    /** @param {Record<string, string>} query @param {AbortSignal} signal */
    createSession: (query, signal) =>
      call("POST", `${INTERACTIVE}/sessions?${new URLSearchParams(query)}`, { headers: owner(), signal }),

    /** One camera frame, sent as a real page would: with the token of this session, without the key. */
    sendFrame(session, jpeg, signal) {
      const body = new FormData();
      body.append("image", jpeg, "frame.jpg");
      return call("POST", `${one(session)}/frame`, {
        headers: client(session),
        body,
        signal,
        timeoutMs: FRAME_TIMEOUT_MS,
      });
    },

    /** The session with its scores, which only the key's owner is told. */
    readSession: (session, signal) => call("GET", one(session), { headers: owner(), signal }),

    /** `keepalive`: the request outlives a page that is being closed. */
    cancelSession: (session) => call("DELETE", one(session), { headers: client(session), keepalive: true }),

    createCapture: (body, signal) =>
      call("POST", `${SERVER_TO_SERVER}/session`, { ...json(body), headers: { ...owner(), ...JSON_TYPE }, signal }),

    verify: (body, signal) =>
      call("POST", `${SERVER_TO_SERVER}/verify`, { ...json(body), headers: { ...owner(), ...JSON_TYPE }, signal }),
  };
}

const JSON_TYPE = { "Content-Type": "application/json" };
const json = (value) => ({ body: JSON.stringify(value) });

async function call(method, path, { signal, timeoutMs = TIMEOUT_MS, ...options }) {
  const limit = AbortSignal.timeout(timeoutMs);
  let response, body;
  try {
    response = await fetch(path, {
      method,
      ...options,
      signal: signal ? either(signal, limit) : limit,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    });
    body = await response.json().catch((error) => {
      // An error page of a proxy is no JSON; a body that was cut off is no answer.
      if (error instanceof SyntaxError) return null;
      throw error;
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new NetworkError("No answer from the server.", { cause });
  }
  if (response.ok && body !== null) return body;
  const retryAfter = Number(response.headers.get("Retry-After")) || 0;
  throw new ApiError(
    response.status,
    body?.code ?? `HTTP_${response.status}`,
    body?.error ?? `The server answered with status ${response.status} and no explanation.`,
    retryAfter,
  );
}

/** `AbortSignal.any`, which phones of 2023 do not have yet. */
function either(first, second) {
  const both = new AbortController();
  for (const signal of [first, second]) {
    if (signal.aborted) both.abort(signal.reason);
    signal.addEventListener("abort", () => both.abort(signal.reason), { once: true, signal: both.signal });
  }
  return both.signal;
}

/** How often a refused call is made again, and for how long at most, before the person is told. */
const RETRIES = 3;
const LONGEST_WAIT_S = 30;

/**
 * Makes a call again when the server says when: 429 with Retry-After, which never uses up a session.
 * @template T
 * @param {() => Promise<T>} makeCall
 * @param {(seconds: number, error: ApiError) => Promise<void>} wait
 * @returns {Promise<T>}
 */
export async function whenAllowed(makeCall, wait) {
  for (let retries = 0; ; retries += 1) {
    try {
      return await makeCall();
    } catch (error) {
      const mayRetry = error instanceof ApiError && error.status === 429 && retries < RETRIES;
      if (!mayRetry || error.retryAfter > LONGEST_WAIT_S) throw error;
      await wait(Math.max(1, error.retryAfter), error);
    }
  }
}
