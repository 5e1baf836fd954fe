"""The paths of the sign-in and its pages, and the URL that the EHR sends the browser back to."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

LAUNCH, CALLBACK, SIGNED_IN, TIMELINE, SIGN_OUT = "/launch", "/callback", "/signed-in", "/timeline", "/sign-out"

DRUG = "drug"
"""The parameter that chooses one of several drugs of a site, also in the appContext of a card's link."""


@dataclass(frozen=True, slots=True)
class Places:
    """Paths as a browser sees them: below the path of the public URL, which a proxy takes away."""

    public_url: str

    @property
    def redirect(self) -> str:
        """The redirect URI, which is registered at the EHR."""
        return f"{self.public_url}{CALLBACK}"

    def path(self, page: str, /, **parameters: str) -> str:
        """The path of a page, such as TIMELINE, with parameters."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return f"{urlsplit(self.public_url).path.rstrip('/')}{page}{query}"
