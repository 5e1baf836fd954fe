"""The algorithms of signatures that can be allowed: none of them works with a shared secret."""

from __future__ import annotations

from collections.abc import Mapping

KINDS: Mapping[str, tuple[str, str | None]] = {
    "ES384": ("EC", "P-384"),
    "RS384": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "ES512": ("EC", "P-521"),
    "RS256": ("RSA", None),
    "RS512": ("RSA", None),
    "PS256": ("RSA", None),
    "PS384": ("RSA", None),
    "PS512": ("RSA", None),
    "EdDSA": ("OKP", "Ed25519"),
}
"""The key type and curve that each needs."""
ASYMMETRIC = tuple(KINDS)
