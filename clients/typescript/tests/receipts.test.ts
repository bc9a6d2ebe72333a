// Receipts: only what the service signed is valid.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CompactSign, UnsecuredJWT, exportJWK, generateKeyPair, type CompactJWSHeaderParameters } from "jose";
import { ReceiptInvalid } from "livegate";
import { verifyReceipt } from "livegate/receipts";

const CLAIMS = { iss: "livegate", iat: 1_500_000_000, sub: "live_x", verified: true };
const [old, current] = await Promise.all([pair(), pair()]);
const jwks = { keys: [await published(current, "new"), await published(old, "old")] };
type Pair = Awaited<ReturnType<typeof pair>>;

function pair() {
  return generateKeyPair("EdDSA", { crv: "Ed25519" });
}

async function published({ publicKey }: Pair, kid: string) {
  return { ...(await exportJWK(publicKey)), kid, alg: "EdDSA", use: "sig" };
}

function sign(key: Pair["privateKey"] | Uint8Array, header: Partial<CompactJWSHeaderParameters>) {
  const payload = new TextEncoder().encode(JSON.stringify(CLAIMS));
  return new CompactSign(payload).setProtectedHeader({ alg: "EdDSA", ...header }).sign(key);
}

const receipt = await sign(current.privateKey, { kid: "new" });

test("receipts of the current and of the previous key are valid", async () => {
  const previous = await sign(old.privateKey, { kid: "old" });
  for (const valid of [receipt, previous]) {
    const expected = { session_id: "live_x", issuer: "livegate" };
    assert.deepEqual(await verifyReceipt(valid, jwks, expected), CLAIMS);
  }
});

test("anything else is refused", async () => {
  const refused = [
    await sign(current.privateKey, { kid: "old" }),
    await sign(old.privateKey, { kid: "gone" }),
    await sign(new Uint8Array(32), { alg: "HS256", kid: "new" }),
    new UnsecuredJWT(CLAIMS).encode(),
    `${receipt.slice(0, -4)}AAAA`,
    "not a receipt",
    "",
  ];
  for (const other of refused) await assert.rejects(verifyReceipt(other, jwks), ReceiptInvalid);
});

test("each altered character is noticed", async () => {
  // The last character holds bits that are not part of the signature.
  for (let at = 0; at < receipt.length - 1; at += 7) {
    const altered = receipt[at] === "A" ? "B" : "A";
    const other = receipt.slice(0, at) + altered + receipt.slice(at + 1);
    await assert.rejects(verifyReceipt(other, jwks), ReceiptInvalid, `character ${at}`);
  }
});

test("another session and another issuer are refused", async () => {
  await assert.rejects(verifyReceipt(receipt, jwks, { session_id: "live_y" }), ReceiptInvalid);
  await assert.rejects(verifyReceipt(receipt, jwks, { issuer: "another" }), ReceiptInvalid);
});
