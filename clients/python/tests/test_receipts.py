"""Receipts: only what the service signed is valid."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from livegate import ReceiptInvalid
from livegate.receipts import verify_receipt

CLAIMS = {"iss": "livegate", "iat": 1_800_000_000, "sub": "live_x", "verified": True}
OLD, NEW = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def public(key: Ed25519PrivateKey, key_id: str) -> dict[str, Any]:
    jwk = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key()))
    return {**jwk, "kid": key_id, "alg": "EdDSA", "use": "sig"}


def sign(key: Ed25519PrivateKey, key_id: str) -> str:
    return jwt.encode(CLAIMS, key, "EdDSA", headers={"kid": key_id})


JWKS = {"keys": [public(NEW, "new"), public(OLD, "old")]}


def test_receipts_of_the_current_and_of_the_previous_key_are_valid() -> None:
    for key, key_id in [(NEW, "new"), (OLD, "old")]:
        assert (
            verify_receipt(sign(key, key_id), JWKS, session_id="live_x", issuer="livegate")
            == CLAIMS
        )


@pytest.mark.parametrize(
    "receipt",
    [
        sign(NEW, "old"),
        sign(OLD, "gone"),
        jwt.encode(CLAIMS, OLD, "EdDSA"),
        jwt.encode(CLAIMS, "x" * 32, "HS256", headers={"kid": "new"}),
        jwt.encode(CLAIMS, "", "none", headers={"kid": "new"}),
        sign(NEW, "new")[:-4] + "AAAA",
        "not a receipt",
        "",
    ],
)
def test_anything_else_is_refused(receipt: str) -> None:
    with pytest.raises(ReceiptInvalid):
        verify_receipt(receipt, JWKS)


def test_each_altered_character_is_noticed() -> None:
    receipt = sign(NEW, "new")
    # The last character holds bits that are not part of the signature.
    for at in range(0, len(receipt) - 1, 7):
        altered = "A" if receipt[at] != "A" else "B"
        with pytest.raises(ReceiptInvalid):
            verify_receipt(receipt[:at] + altered + receipt[at + 1 :], JWKS)


def test_another_session_and_another_issuer_are_refused() -> None:
    with pytest.raises(ReceiptInvalid):
        verify_receipt(sign(NEW, "new"), JWKS, session_id="live_y")
    with pytest.raises(ReceiptInvalid):
        verify_receipt(sign(NEW, "new"), JWKS, issuer="another")


def test_a_receipt_is_still_valid_years_later() -> None:
    claims = {**CLAIMS, "iat": 1_500_000_000, "exp": 1_500_000_100}
    receipt = jwt.encode(claims, NEW, "EdDSA", headers={"kid": "new"})
    assert verify_receipt(receipt, JWKS) == claims
