/** What an HTTP answer means. */

import { ApiError, NewSessionNeeded } from "./errors.js";

// The session is gone, whatever the call.
const SESSION_IS_OVER = ["SESSION_NOT_FOUND", "SESSION_USED", "SESSION_EXPIRED"];

/** The headers of an answer. */
export interface Info {
  /** `X-Livegate-Request-Id`: store it with the verdict. */
  readonly request_id: string | null;
  /** `X-Livegate-Test`: the answer comes from a test key and says nothing about a person. */
  readonly test: boolean;
  /** `Idempotent-Replayed`: the answer was given before and is repeated. */
  readonly replayed: boolean;
}

const infos = new WeakMap<object, Info>();

/** The headers that came with an answer of the client. A copy of the answer has none. */
export function info(answer: object): Info {
  const found = infos.get(answer);
  if (!found) throw new TypeError("This is not an answer of a Livegate client.");
  return found;
}

/**
 * The body of an answer. Throws `ApiError` for every answer that is an error.
 * `isVerify`: the answer is one of verify, where a failure of the service uses the session up.
 */
export function readAnswer<T extends object>(
  { status, headers }: Response,
  text: string,
  isVerify: boolean,
): T {
  const body = parse(text);
  // The health page comes with 503 when the service cannot work.
  const isHealth = status === 503 && body !== null && "components" in body;
  if (body !== null && (status === 200 || isHealth)) {
    infos.set(body, {
      request_id: headers.get("X-Livegate-Request-Id"),
      test: headers.get("X-Livegate-Test") === "true",
      replayed: isReplayed(headers),
    });
    return body as T;
  }
  const { code, error } = (body ?? {}) as Record<string, unknown>;
  const ours = typeof code === "string" && typeof error === "string";
  const failed = isVerify && ours && status >= 500;
  const Kind = failed || (ours && SESSION_IS_OVER.includes(code)) ? NewSessionNeeded : ApiError;
  throw new Kind(ours ? error : "the answer is not one of Livegate; a proxy may have sent it", {
    status,
    code: ours ? code : null,
    request_id: headers.get("X-Livegate-Request-Id"),
    retry_after: seconds(headers.get("Retry-After")),
    replayed: isReplayed(headers),
  });
}

function parse(text: string): object | null {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" ? body : null;
  } catch {
    return null;
  }
}

function isReplayed(headers: Headers): boolean {
  return headers.get("Idempotent-Replayed") === "true";
}

function seconds(header: string | null): number | null {
  // A proxy may send a date instead. It is ignored: clocks differ.
  return header !== null && /^\d+$/.test(header) ? Number(header) : null;
}
