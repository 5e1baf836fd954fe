"""How servers are called that are reached through a proxy of the house. Proxies of the environment are never used."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from cds.fhir.outbound import Outbound
from hooks.listed import Words

_FORM = "write the URL of a proxy, as http://proxy.example.invalid:3128, without a path; it may hold user and password"


def _proxy(url: SecretStr) -> SecretStr:
    # the value is in no message, since it may hold a password
    try:
        parts = urlsplit(url.get_secret_value())
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    else:
        good = good and parts.path in {"", "/"} and not parts.query and not parts.fragment
    if not good:
        raise ValueError(_FORM)
    return url


class OutboundFields(BaseModel):
    """Shared by the service and the command line."""

    outbound_proxy: Annotated[SecretStr, AfterValidator(_proxy)] | None = Field(
        None,
        description="URL of the proxy through which FHIR servers, their token servers and the key servers of clients "
        "are called; none: directly. HTTP_PROXY and its like are never used",
    )
    outbound_direct: Words = Field(
        (), description="Hosts that are called without that proxy; those of this machine always are"
    )

    @property
    def outbound(self) -> Outbound:
        """The way out."""
        proxy = self.outbound_proxy.get_secret_value() if self.outbound_proxy is not None else ""
        return Outbound(proxy, self.outbound_direct)
