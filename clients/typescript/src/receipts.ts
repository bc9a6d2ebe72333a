/** Receipts, verified without the service. Needs the package `jose`. */

import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from "jose";

import { ReceiptInvalid } from "./errors.js";

/**
 * The claims of a receipt whose signature is one of `jwks`.
 *
 * `jwks`: the service's public keys, as `Livegate.jwks` returns them. Keep a copy: the keys are
 * what you trust. `session_id`, `issuer`: what the claims `sub` and `iss` must be. A receipt without a
 * `session_id` to compare with may be that of another person. Gate on the claim `verified`.
 * Throws `ReceiptInvalid` if the receipt is malformed, altered, of another session or issuer, or
 * signed with another key.
 */
export async function verifyReceipt(
  receipt: string,
  jwks: JSONWebKeySet,
  { session_id, issuer }: { session_id?: string; issuer?: string } = {},
): Promise<Record<string, unknown>> {
  try {
    const keys = createLocalJWKSet(jwks);
    // Not `jwtVerify`: the times of a receipt are statements, not limits.
    const { payload } = await compactVerify(receipt, keys, { algorithms: ["EdDSA"] });
    const claims = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
    for (const [name, expected] of [["sub", session_id], ["iss", issuer]] as const) {
      if (expected !== undefined && claims[name] !== expected) {
        throw new ReceiptInvalid(`The receipt is not valid: its ${name} is another`);
      }
    }
    return claims;
  } catch (cause) {
    if (!(cause instanceof errors.JOSEError || cause instanceof SyntaxError)) throw cause;
    throw new ReceiptInvalid(`The receipt is not valid: ${cause.message}`, { cause });
  }
}
