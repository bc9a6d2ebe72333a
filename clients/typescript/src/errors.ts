/** The exceptions of this package. */

import type { ErrorCode } from "./api.js";

/** Base of all exceptions of this package. */
export class LivegateError extends Error {
  override name = "LivegateError";

  /** Whether the same call may succeed later: after 429, a failure, or no answer. */
  get temporary(): boolean {
    return false;
  }
}

/**
 * No answer arrived: the connection failed, broke, or took too long.
 * After a verify, `sessionStatus` says what became of the session.
 */
export class NoAnswer extends LivegateError {
  override name = "NoAnswer";

  constructor(
    message: string,
    /** Whether the service may have received the request. */
    readonly sent: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  override get temporary(): boolean {
    return true;
  }
}

/** What an answer that is an error says. */
export interface ApiErrorFields {
  /** HTTP status. */
  readonly status: number;
  /**
   * Code of the service. Null: a proxy answered, not the service.
   * Later versions of the service may send codes that are unknown today.
   */
  readonly code: ErrorCode | (string & {}) | null;
  /** `X-Livegate-Request-Id`. Quote it when you ask the operator about the request. */
  readonly request_id: string | null;
  /** Seconds to wait before the next try. */
  readonly retry_after: number | null;
  /** `Idempotent-Replayed`: the same failure was answered before, and is final. */
  readonly replayed: boolean;
}

/** Statuses after which the same request may succeed later. */
export const TEMPORARY = [429, 500, 502, 503, 504];

/** An answer that is an error. Decide by `code`; show `message` to developers, not to users. */
export class ApiError extends LivegateError implements ApiErrorFields {
  override name = "ApiError";
  readonly status: number;
  readonly code: ErrorCode | (string & {}) | null;
  readonly request_id: string | null;
  readonly retry_after: number | null;
  readonly replayed: boolean;

  constructor(message: string, fields: ApiErrorFields) {
    super(`${fields.status} ${fields.code ?? "without a code"}: ${message}`);
    this.status = fields.status;
    this.code = fields.code;
    this.request_id = fields.request_id;
    this.retry_after = fields.retry_after;
    this.replayed = fields.replayed;
  }

  override get temporary(): boolean {
    return TEMPORARY.includes(this.status);
  }
}

/**
 * The session can give no verdict any more. Create a new one and capture again.
 * It is unknown, used or expired, or its verification failed on the server. After `SESSION_USED`,
 * `sessionStatus` says whether it has a verdict.
 */
export class NewSessionNeeded extends ApiError {
  override name = "NewSessionNeeded";

  override get temporary(): boolean {
    return false;
  }
}

/** A receipt that must not be trusted. */
export class ReceiptInvalid extends LivegateError {
  override name = "ReceiptInvalid";
}
