"""The service as `app` and as `journaled`, asking its callers for tokens; and the tokens, each good for one call."""

from __future__ import annotations

import json

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from hooks.app import create_app
from hooks.collector import settle_collector
from hooks.settings import Settings
from hooks.site_settings import Client
from tests.bench.app import NOW, SETTINGS, forgetful

BASE, ISSUER, KID = "https://cds.example.invalid", "https://ehr.example.invalid", "bench"
# made from a number, so that it is the same in the process that signs and in the one that is measured
KEY = ec.derive_private_key(12_000_000, ec.SECP384R1())
CLIENT = Client(issuer=ISSUER, jku=(f"{ISSUER}/keys",))


def signed(path: str, number: int) -> list[str]:
    """As many tokens for calls of `path`."""
    issued = int(NOW.timestamp())
    claims = {"iss": ISSUER, "aud": f"{BASE}{path}", "iat": issued, "exp": issued + 300}
    headers = {"kid": KID, "jku": CLIENT.jku[0]}
    return [
        jwt.encode({**claims, "jti": f"call-{one}"}, KEY, algorithm="ES384", headers=headers) for one in range(number)
    ]


async def keys(_url: str) -> bytes:
    """The key set of the client, without a network."""
    return json.dumps({"keys": [{**ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": KID}]}).encode()


ASKING = Settings(
    **SETTINGS.model_dump(exclude_unset=True, exclude={"client_auth"}), public_url=BASE, clients=(CLIENT,)
)
app = create_app(ASKING, clock=lambda: NOW, keys=keys, memory=forgetful())
journaled = create_app(ASKING, clock=lambda: NOW, keys=keys)
settle_collector()
