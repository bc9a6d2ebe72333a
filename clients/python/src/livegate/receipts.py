"""Receipts, verified without the service. Needs `livegate[receipts]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt

from livegate.errors import ReceiptInvalid


def verify_receipt(
    receipt: str,
    jwks: Mapping[str, Any],
    *,
    session_id: str | None = None,
    issuer: str | None = None,
) -> dict[str, Any]:
    """The claims of a receipt whose signature is one of `jwks`.

    `jwks`: the service's public keys, as `Livegate.jwks` returns them. Keep a copy: the keys are
    what you trust. `session_id`, `issuer`: what the claims `sub` and `iss` must be. A receipt without a
    `session_id` to compare with may be that of another person. Gate on the claim `verified`.
    Raises `ReceiptInvalid` if the receipt is malformed, altered, of another session or issuer, or
    signed with another key.
    """
    try:
        key_id = jwt.get_unverified_header(receipt).get("kid")
        keys = [key for key in jwt.PyJWKSet.from_dict(dict(jwks)).keys if key.key_id == key_id]
        if not keys:
            raise ReceiptInvalid("The receipt is signed with a key that is not in the JWKS.")
        claims: dict[str, Any] = jwt.decode(
            receipt,
            keys[0].key,
            algorithms=["EdDSA"],
            subject=session_id,
            issuer=issuer,
            # A receipt has no audience, and its times are statements, not limits: it is as true
            # tomorrow as it is today, and clocks differ.
            options={
                "verify_aud": False,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.PyJWTError as error:
        raise ReceiptInvalid(f"The receipt is not valid: {error}") from error
    return claims
