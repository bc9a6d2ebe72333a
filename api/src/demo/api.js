// Calls to the API. A real integration has two parties: its backend makes the calls with the API key,
// and its page makes those with the `client_token`. This page plays both.

/** An error answer: the server's sentence and code. */
export class ApiError extends Error {
  /** @param {number} retryAfter seconds; 0 where the server gave none */
  constructor(status, code, message, retryAfter) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** There was no answer: offline, refused, cut off, or too late. */
export class NetworkError extends Error {}

/** Time limit of a verify, ms: longer than the server's default deadline, so that the server's answer comes first. */
const TIMEOUT_MS = 30_000;
/** Time limit of a live frame, ms: a later answer says nothing about this moment. */
const FRAME_TIMEOUT_MS = 8_000;

const INTERACTIVE = "/api/v1/liveness";
const SERVER_TO_SERVER = "/v1/liveness";

/** @param {() => string} key returns the API key as it is now */
export function createApi(key) {
  const owner = () => ({ "X-AI-API-Key": key() });
  const client = (session) => ({ Authorization: `Bearer ${session.client_token}` });
  const one = (session) => `${INTERACTIVE}/sessions/${encodeURIComponent(session.session_id)}`;

  return {
    presets: () => call("GET", `${INTERACTIVE}/presets`, { headers: owner() }),

    /** @param {Record<string, string>} query @param {AbortSignal} signal */
    createSession: (query, signal) =>
      call("POST", `${INTERACTIVE}/sessions?${new URLSearchParams(query)}`, { headers: owner(), signal }),

    /** Sends one camera frame as a real page would: with the token of this session, without the key. */
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

    /** Reads the session with its scores, which only the key's owner gets. */
    readSession: (session, signal) => call("GET", one(session), { headers: owner(), signal }),

    /** Cancels the session. `keepalive`: the request outlives a page that is being closed. */
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
      // An error page of a proxy is not JSON; a body that was cut off is not an answer.
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

/** `AbortSignal.any`, which phones of 2023 do not have. */
function either(first, second) {
  const both = new AbortController();
  for (const signal of [first, second]) {
    if (signal.aborted) both.abort(signal.reason);
    signal.addEventListener("abort", () => both.abort(signal.reason), { once: true, signal: both.signal });
  }
  return both.signal;
}

/** How many times, and for how long at most, a refused call is repeated before the person sees an error. */
const RETRIES = 3;
const LONGEST_WAIT_S = 30;

/**
 * Makes a call, and repeats it after a 429 with Retry-After, which never uses up a session.
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
