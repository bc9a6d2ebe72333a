/** Types of `<livegate-check>`. */

/** Codes of `livegate-error`. More may be added. */
export type LivegateErrorCode =
  | "camera_denied"
  | "camera_missing"
  | "camera_busy"
  | "camera_lost"
  | "insecure_context"
  | "unsupported"
  | "network"
  | "expired"
  | "rate_limited"
  | "server";

/** What a check does at a moment. */
export type LivegateState =
  | "start"
  | "opening"
  | "ready"
  | "running"
  | "paused"
  | "sending"
  | "ended"
  | "error"
  | "cancelled";

/** A session of the interactive API, as `POST /api/v1/liveness/sessions` answers. Further fields are ignored. */
export interface InteractiveSession {
  session_id: string;
  client_token: string;
}

/** A session of the server-to-server API, as `POST /v1/liveness/session` answers. Further fields are ignored. */
export interface CaptureSession {
  session_id: string;
  challenge: string[];
  config?: { max_images?: number };
}

export type LivegateSession = InteractiveSession | CaptureSession;

/**
 * Obtains a session from the page's own backend, for each try. `timeoutSeconds` is there when the person needs more
 * time: pass it on as `timeout_seconds`. Null: no session now, and back to the start screen.
 *
 * An error that it throws ends the try with `network`, `rate_limited` or `expired` where its `code` is one of
 * these, and else with `server`.
 */
export type SessionSource = (wish: { timeoutSeconds?: number }) => Promise<LivegateSession | null>;

/** The body of `POST /v1/liveness/verify`: send it to your backend, which sends it on with the API key. */
export type CapturePayload = { session_id: string } & (
  | { mode: "images"; frames: { index: number; timestamp_ms: number; phase: string; image_b64: string }[] }
  | { mode: "video"; video_b64: string }
);

/** What a page may tell the check at its end: whether another try may help, and the `retry_hints` to show. */
export interface LivegateOutcome {
  again?: boolean;
  hints?: string[];
}

export interface LivegateEventMap {
  /** The element shows its start screen. */
  "livegate-ready": CustomEvent<Record<string, never>>;
  /** The camera is on, and the first frame is taken. */
  "livegate-started": CustomEvent<{
    mode: "interactive" | "capture";
    sessionId: string;
    /** What the camera seems to be. `virtual` and `infrared` only where there is no other. */
    camera: "front" | "back" | "unknown" | "virtual" | "infrared";
  }>;
  /** Another challenge begins. `index` counts from 0. */
  "livegate-challenge": CustomEvent<{ type: string; index: number; count: number }>;
  /** A hint is shown. */
  "livegate-hint": CustomEvent<{ hint: string }>;
  /** How far the movement of the challenge is, 0 to 1. */
  "livegate-progress": CustomEvent<{ index: number; progress: number }>;
  /**
   * The check is over: your backend should read the verdict now, or verify the payload. The event carries no
   * verdict. While a promise given to `waitUntil` is pending, the check shows that it is busy.
   */
  "livegate-complete": CustomEvent<{
    mode: "interactive" | "capture";
    sessionId: string;
    payload?: CapturePayload;
    waitUntil(promise: Promise<LivegateOutcome | void>): void;
  }>;
  /** The person, or the page, ended the check. */
  "livegate-cancel": CustomEvent<{ sessionId: string | null }>;
  /** The check cannot go on. `reason` narrows the code, and may be empty. */
  "livegate-error": CustomEvent<{ code: LivegateErrorCode; reason: string; sessionId: string | null }>;
  /** The person wants another way to prove themselves. Only with the attribute `another-way`. */
  "livegate-another-way": CustomEvent<Record<string, never>>;
}

export declare class LivegateCheck extends HTMLElement {
  /** Whether a check can run here, and if not, the error code and its reason. */
  static isSupported(): Promise<{ supported: boolean; code: LivegateErrorCode | null; reason: string }>;
  /** Gives a language, or other words for one. Names as in `i18n/en.json`; what is missing is English. */
  static addLanguage(tag: string, texts: Record<string, string>): void;
  /** Folder of `i18n/` and `src/encode-worker.js`, where a bundler has moved the module. */
  static set files(address: string | URL);

  /** A session, or a function that obtains one. Without it the attributes count. */
  session: LivegateSession | SessionSource | null;
  readonly state: LivegateState;
  /** Starts a check; settles when it is over. Does nothing while one is under way. */
  start(): Promise<void>;
  /** Ends the check, releases the camera and cancels the session. */
  stop(): void;
  /** Starts again, with a new session where `session` is a function. */
  retry(): Promise<void>;
  /** Back to the start screen; ends a check that is under way. */
  reset(): void;

  addEventListener<K extends keyof LivegateEventMap>(
    type: K,
    listener: (event: LivegateEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "livegate-check": LivegateCheck;
  }
}
