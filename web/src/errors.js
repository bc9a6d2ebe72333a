// Errors of a check: stable codes for the page's own code.

/** Codes of `livegate-error`. None is ever renamed; more may be added. */
export const ERROR_CODES = [
  "camera_denied",
  "camera_missing",
  "camera_busy",
  "camera_lost",
  "insecure_context",
  "unsupported",
  "network",
  "expired",
  "rate_limited",
  "server",
];

/** Why a check stopped. `reason` narrows the code where that changes what the person can do. */
export class CheckError extends Error {
  /** @param {string} code one of `ERROR_CODES` @param {string} [reason] as in `iframe` @param {unknown} [cause] */
  constructor(code, reason = "", cause = undefined) {
    super(reason ? `${code} (${reason})` : code, { cause });
    this.code = code;
    this.reason = reason;
  }
}

/** Ends the work in hand without ending the check. `why` names a text. */
export class Paused extends Error {
  /** @param {"hidden" | "interrupted" | "switch"} why */
  constructor(why) {
    super(`paused: ${why}`);
    this.why = why;
  }
}
