// Calls that a page may make with the `client_token` of a session.

import { CheckError } from "./errors.js";
import { childOf } from "./time.js";

/** A refusal of the server. */
export class Refusal extends Error {
  /** @param {number} status @param {string} code @param {number} retryAfter seconds; 0: not given */
  constructor(status, code, retryAfter) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later. */
  get isPassing() {
    return this.status === 429 || this.status >= 500;
  }
}

/** There was no answer: offline, refused, cut off, or too late. */
export class NoAnswer extends Error {}

/** Time limit of a request, ms. The answer to an older frame says nothing about this moment. */
const REQUEST_LIMIT_MS = 8_000;

/** The error that the page gets when this one ends the check. @returns {Error} */
export function asCheckError(error) {
  if (error instanceof NoAnswer) return new CheckError("network", navigator.onLine === false ? "offline" : "", error);
  if (!(error instanceof Refusal)) return error;
  if (error.status === 429) return new CheckError("rate_limited", "", error);
  // 401 and 403: the token is of another session, or of a key that was revoked. 404, 410: the session is gone.
  if ([401, 403, 404, 410].includes(error.status)) return new CheckError("expired", "", error);
  return new CheckError("server", "", error);
}

/**
 * @param {URL} base address of the service
 * @param {{session_id: string, client_token: string}} session
 */
export function createClient(base, session) {
  const address = new URL(`api/v1/liveness/sessions/${encodeURIComponent(session.session_id)}`, base).href;
  const headers = { Authorization: `Bearer ${session.client_token}` };
  return {
    /** @param {AbortSignal} signal */
    status: (signal) => request(address, { headers }, signal),

    /** @param {Blob} jpeg @param {AbortSignal} signal */
    frame(jpeg, signal) {
      const body = new FormData();
      body.append("image", jpeg, "frame.jpg");
      return request(`${address}/frame`, { method: "POST", headers, body }, signal);
    },

    /** Ends the session. Not awaited: without this call the session ends by itself, only later. */
    cancel() {
      // `keepalive`: the request outlives a page that is being closed.
      const never = new AbortController().signal;
      request(address, { method: "DELETE", headers, keepalive: true }, never).catch(() => {});
    },
  };
}

async function request(address, options, signal) {
  const limit = childOf(signal);
  const timer = setTimeout(() => limit.abort(new NoAnswer("time")), REQUEST_LIMIT_MS);
  let response, body;
  try {
    response = await fetch(address, {
      ...options,
      signal: limit.signal,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
    });
    body = await response.json().catch((error) => {
      // An error page of a proxy is not JSON; a body that was cut off is not an answer.
      if (error instanceof SyntaxError) return null;
      throw error;
    });
  } catch (cause) {
    signal.throwIfAborted();
    throw new NoAnswer("no answer", { cause });
  } finally {
    clearTimeout(timer);
    // Ends its subscription to the caller's signal.
    limit.abort();
  }
  if (response.ok && body !== null) return body;
  // A page of another origin reads this header because the service exposes it.
  const retryAfter = Number(response.headers.get("Retry-After")) || 0;
  throw new Refusal(response.ok ? 502 : response.status, body?.code ?? "", retryAfter);
}
