"""TLS that ends at the service: its certificate, and the certificates of clients where they must show one."""

from __future__ import annotations

import ssl
from pathlib import Path

from hooks.boundary_settings import BoundaryFields
from hooks.settings import PREFIX, SettingsError


def tls_context(settings: BoundaryFields) -> ssl.SSLContext | None:
    """What a server needs to speak TLS, version 1.2 at least; None where no certificate is set. With a client CA only
    clients with a certificate that it signed get through. Raises SettingsError."""
    if settings.tls_certificate is None:
        for name in ("tls_key", "tls_client_ca"):
            if getattr(settings, name) is not None:
                raise SettingsError(f"{PREFIX}{name.upper()}: is of no use without {PREFIX}TLS_CERTIFICATE")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password=_no_password)
    except (OSError, ValueError) as error:
        files = f"{settings.tls_certificate}, {settings.tls_key or 'the same file'}"
        raise SettingsError(f"{PREFIX}TLS_CERTIFICATE, {PREFIX}TLS_KEY: {files}: {_why(error)}") from None
    if settings.tls_client_ca is not None:
        _ask_clients(context, settings.tls_client_ca)
    return context


def _ask_clients(context: ssl.SSLContext, authority: Path) -> None:
    try:
        context.load_verify_locations(authority)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{PREFIX}TLS_CLIENT_CA: {authority}: {_why(error)}") from None
    context.verify_mode = ssl.CERT_REQUIRED


def _no_password() -> str:
    """Without this OpenSSL would ask at the terminal, and a service would hang there."""
    raise ValueError("the key is encrypted; give it decrypted, in a file that only the service can read")


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        # the texts of OpenSSL name its own source lines
        return f"no PEM file with what is needed, or a key that does not fit ({error.reason or 'unreadable'})"
    return f"cannot be read ({error.strerror})" if isinstance(error, OSError) else str(error)
