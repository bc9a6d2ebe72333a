/** The client. */

import type {
  Frame,
  FrameResult,
  Health,
  InteractiveSessionCreated,
  InteractiveSessionStatus,
  Preset,
  SessionCancelled,
  SessionCreated,
  SessionRequest,
  SessionStatus,
  Verdict,
  operations,
} from "./api.js";
import { readAnswer } from "./answer.js";
import { ApiError, NewSessionNeeded, NoAnswer } from "./errors.js";
import { toBase64, toBlob, toFrames, type Media, type Picture } from "./media.js";
import { pause, type Repeat } from "./retry.js";

const SERVER_TO_SERVER = "/v1/liveness";
const INTERACTIVE = "/api/v1/liveness";
const IN_QUERY = ["num_challenges", "timeout_seconds", "challenges", "preset", "mirrored"];

export interface ClientOptions {
  /** The API key, for a backend. */
  apiKey?: string;
  /** The `client_token` of one interactive session, for a page or an app, instead of the key. */
  clientToken?: string;
  /** Milliseconds until an answer must have arrived; default 10,000. */
  timeout?: number;
  /**
   * The same for a verify, its upload included; default 90,000. It must be longer than the service's
   * own limit (15 s unless the operator chose otherwise).
   */
  verifyTimeout?: number;
  /** How often a request is sent again, at most; default 3. */
  retries?: number;
  /**
   * Whether to send an `Idempotency-Key` with every verify; default true. A lost answer is then
   * asked for again; the service keeps it for two minutes, encrypted.
   */
  idempotency?: boolean;
  /** Used instead of the global `fetch`. */
  fetch?: typeof fetch;
}

export interface SendOptions {
  /** Ends the call, which then throws the signal's reason. */
  signal?: AbortSignal;
}

export interface VerifyOptions extends SendOptions {
  /** JPEG or PNG of the face to compare with; the answer then has `reference_match`. */
  reference_image?: Media;
  /** 512 floats, instead of `reference_image`. */
  reference_embedding?: readonly number[];
  /** Opaque, up to 16 KiB. Its SHA-256 goes into the receipt. */
  attestation?: string;
  /** A key of your own instead of a random one. */
  idempotencyKey?: string;
}

type Query = NonNullable<operations["createInteractiveSession"]["parameters"]["query"]>;

/** Options of an interactive session. The service draws what is left out. */
export interface InteractiveOptions
  extends Query,
    Pick<VerifyOptions, "reference_image" | "reference_embedding" | "attestation"> {
  /** Your reference of the person, up to 128 characters, for the limit of attempts. */
  subject_ref?: string;
  /** The outcome to give. Keys made for tests only. */
  test_outcome?: string;
}

interface Call {
  path: string;
  method?: "POST" | "DELETE";
  body?: string | FormData;
  headers?: Record<string, string>;
  repeat?: Repeat;
  isVerify?: boolean;
  /** The answer if a repetition finds no session: the try before it ended the session. */
  gone?: object;
}

/**
 * A Livegate service.
 *
 * Every method throws `ApiError` for an answer that is an error, and `NoAnswer` if none came. A
 * verdict is never an error, whether it is yes or no.
 */
export class Livegate {
  readonly #baseUrl: string;
  readonly #headers: Record<string, string>;
  readonly #timeout: number;
  readonly #verifyTimeout: number;
  readonly #retries: number;
  readonly #idempotency: boolean;
  readonly #fetch: typeof fetch;

  /** `baseUrl`: such as `https://livegate.example.com`; in a page `""` for its own origin. */
  constructor(baseUrl: string | URL, options: ClientOptions = {}) {
    const origin = (globalThis as { location?: Location }).location?.origin;
    this.#baseUrl = new URL(baseUrl, origin).href.replace(/\/+$/, "");
    this.#headers = secretHeaders(options);
    this.#timeout = options.timeout ?? 10_000;
    this.#verifyTimeout = options.verifyTimeout ?? 90_000;
    this.#retries = options.retries ?? 3;
    this.#idempotency = options.idempotency ?? true;
    const used = options.fetch ?? fetch;
    // Browsers refuse a `fetch` that is called as a method.
    this.#fetch = (...request) => used(...request);
  }

  /** Creates a session. Name no `actions` for real users: the service draws them. */
  createSession(options: SessionRequest = {}, sending?: SendOptions): Promise<SessionCreated> {
    return this.#send(json(`${SERVER_TO_SERVER}/session`, options), sending);
  }

  /**
   * Verifies a capture of 8 to 20 frames: pictures, or frames in the API's form, as an app sends
   * them. Throws `NewSessionNeeded` if the session is used up or gone.
   */
  async verify(
    session_id: string,
    frames: Iterable<Picture | Frame>,
    options: VerifyOptions = {},
  ): Promise<Verdict> {
    const medium = { mode: "images", frames: await toFrames(frames) };
    return this.#verify({ session_id, ...medium }, options);
  }

  /** Verifies a clip (mp4, mov or webm, up to 25 MiB and 30 s). Else as `verify`. */
  async verifyVideo(
    session_id: string,
    video: Media,
    options: VerifyOptions = {},
  ): Promise<Verdict> {
    const medium = { mode: "video", video_b64: await toBase64(video) };
    return this.#verify({ session_id, ...medium }, options);
  }

  /**
   * Creates a session, calls `capture` with it and verifies what it returns. If the session is lost
   * or its verification fails on the server, all of it happens once more, with a new session and a
   * new capture.
   */
  async check(
    capture: (session: SessionCreated) => Promise<Iterable<Picture | Frame>>,
    options: SessionRequest = {},
  ): Promise<Verdict> {
    const once = async () => {
      const session = await this.createSession(options);
      return this.verify(session.session_id, await capture(session));
    };
    return once().catch((error) => {
      if (error instanceof NewSessionNeeded) return once();
      throw error;
    });
  }

  /** What became of a session. It has no scores, embedding or picture. */
  async sessionStatus(session_id: string, sending?: SendOptions): Promise<SessionStatus> {
    return this.#send({ path: `${SERVER_TO_SERVER}/session/${checked(session_id)}` }, sending);
  }

  /** The health page, also if it says that the service is down. Needs no key. */
  health(sending?: SendOptions): Promise<Health> {
    return this.#send({ path: `${SERVER_TO_SERVER}/health` }, sending);
  }

  /** Creates an interactive session. Its `client_token` is for the browser. */
  async createInteractiveSession(
    options: InteractiveOptions = {},
    sending?: SendOptions,
  ): Promise<InteractiveSessionCreated> {
    const { reference_image, ...rest } = options;
    const query = new URLSearchParams();
    const body: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(rest)) {
      if (value === undefined || value === null) continue;
      if (IN_QUERY.includes(name)) query.set(name, String(value));
      else body[name] = value;
    }
    if (reference_image) body.reference_image_b64 = await toBase64(reference_image);
    const search = [...query].length ? `?${query}` : "";
    const path = `${INTERACTIVE}/sessions${search}`;
    const hasBody = Object.keys(body).length > 0;
    return this.#send(hasBody ? json(path, body) : { path, method: "POST" }, sending);
  }

  /**
   * Sends one frame, JPEG or PNG. It is never sent again: send the next one. An error that is
   * `temporary` leaves the session as it was.
   */
  async submitFrame(session_id: string, image: Media, sending?: SendOptions): Promise<FrameResult> {
    const body = new FormData();
    body.append("image", toBlob(image), "frame");
    const path = `${INTERACTIVE}/sessions/${checked(session_id)}/frame`;
    return this.#send({ path, method: "POST", body, repeat: "never" }, sending);
  }

  /** The state of an interactive session; with the key, its verdict. Gate on `is_live`. */
  async interactiveSession(
    session_id: string,
    sending?: SendOptions,
  ): Promise<InteractiveSessionStatus> {
    return this.#send({ path: `${INTERACTIVE}/sessions/${checked(session_id)}` }, sending);
  }

  /** Cancels an interactive session. */
  async cancelInteractiveSession(
    session_id: string,
    sending?: SendOptions,
  ): Promise<SessionCancelled> {
    const path = `${INTERACTIVE}/sessions/${checked(session_id)}`;
    return this.#send({ path, method: "DELETE", gone: { cancelled: session_id } }, sending);
  }

  /** The ready-made interactive sessions. */
  presets(sending?: SendOptions): Promise<Preset[]> {
    return this.#send({ path: `${INTERACTIVE}/presets` }, sending);
  }

  /** The public keys of receipts, for `verifyReceipt` of `livegate/receipts`. Needs no key. */
  jwks(sending?: SendOptions): Promise<{ keys: Record<string, unknown>[] }> {
    return this.#send({ path: "/.well-known/jwks.json" }, sending);
  }

  async #verify(body: object, options: VerifyOptions): Promise<Verdict> {
    const { reference_image, idempotencyKey, signal, ...rest } = options;
    const reference = reference_image && {
      reference_image_b64: await toBase64(reference_image),
    };
    const call = json(`${SERVER_TO_SERVER}/verify`, { ...body, ...rest, ...reference });
    const key = idempotencyKey ?? (this.#idempotency ? randomKey() : undefined);
    if (key !== undefined) call.headers = { ...call.headers, "Idempotency-Key": key };
    const repeat: Repeat = key === undefined ? "unsent" : "same answer";
    return this.#send({ ...call, repeat, isVerify: true }, signal && { signal });
  }

  async #send<T extends object>(call: Call, sending: SendOptions = {}): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#sendOnce<T>(call, sending.signal);
      } catch (error) {
        if (attempt && call.gone && error instanceof ApiError && error.status === 404) {
          return call.gone as T;
        }
        const seconds = pause(call.repeat ?? "always", error, attempt, this.#retries);
        if (seconds === null) throw error;
        await sleep(1000 * seconds, sending.signal);
      }
    }
  }

  async #sendOnce<T extends object>(call: Call, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const limit = new AbortController();
    const milliseconds = call.isVerify ? this.#verifyTimeout : this.#timeout;
    const late = () => limit.abort(new Error(`no answer within ${milliseconds} ms`));
    const timer = setTimeout(late, milliseconds);
    const end = () => limit.abort(signal?.reason);
    signal?.addEventListener("abort", end);
    try {
      const response = await this.#fetch(this.#baseUrl + call.path, {
        method: call.method ?? "GET",
        headers: { ...this.#headers, ...call.headers },
        body: call.body ?? null,
        // Another address must not get the key.
        redirect: "manual",
        credentials: "omit",
        cache: "no-store",
        signal: limit.signal,
      });
      return readAnswer<T>(response, await response.text(), call.isVerify ?? false);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      signal?.throwIfAborted();
      throw noAnswer(error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
    }
  }
}

function secretHeaders({ apiKey, clientToken }: ClientOptions): Record<string, string> {
  if (apiKey && clientToken) throw new TypeError("Give apiKey or clientToken, not both.");
  // A secret that was read from a file often ends with a line break.
  const secret = (apiKey ?? clientToken ?? "").trim();
  if (/[^\x20-\x7e]/.test(secret)) {
    throw new TypeError("apiKey and clientToken are printable ASCII.");
  }
  const headers = { Accept: "application/json" };
  if (apiKey) return { ...headers, "X-AI-API-Key": secret };
  if (clientToken) return { ...headers, Authorization: `Bearer ${secret}` };
  return headers;
}

function json(path: string, body: object): Call {
  const headers = { "Content-Type": "application/json" };
  return { path, method: "POST", body: JSON.stringify(body), headers };
}

function checked(session_id: string): string {
  // An id may come from a browser. It must not become another path.
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(session_id)) {
    throw new TypeError("A session_id is 1 to 64 letters, digits, - and _.");
  }
  return session_id;
}

function randomKey(): string {
  // Node.js 18 and pages without HTTPS lack it. The key need not be secret, only new.
  const { crypto } = globalThis as { crypto?: Crypto };
  return crypto?.randomUUID?.() ?? `${Date.now()}-${Math.random()}-${Math.random()}`;
}

/** Codes of Node.js for connections that were never made. */
const UNSENT = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"];

function noAnswer(error: unknown): NoAnswer {
  const { message, cause } = error as { message?: string; cause?: { code?: string } };
  const code = cause?.code;
  const text = code ? `${message} (${code})` : String(message ?? error);
  return new NoAnswer(text, code === undefined || !UNSENT.includes(code), { cause: error });
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const end = () => {
      clearTimeout(timer);
      failed(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      done();
    }, milliseconds);
    signal?.addEventListener("abort", end, { once: true });
  });
}
