"""What seals sessions and sign-ins: keys that every process of the service has, made from those of the journal."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, MultiFernet

from hooks.journal.keys import Keys


def seals(keys: Keys, purpose: str) -> MultiFernet:
    """Seals with the newest key, and opens with all of them; what one purpose seals no other opens."""
    secrets = (bytes.fromhex(key.digest([b"seal", purpose.encode()])) for key in keys.all)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(secret)) for secret in secrets])
