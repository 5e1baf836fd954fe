"""What one call to a FHIR server may cost: time, pages, bytes, requests at once."""

from __future__ import annotations

from dataclasses import dataclass

from cds.fhir.errors import FhirError, Kind


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one call. `seconds`: the whole call. `pages`: of one search. `page_size`: asked for as `_count`.
    `concurrency`: reads of Medications at once. `tries`: how often one URL is asked for; `pause`: seconds before the
    second try, doubled for the third. `megabytes`: all answers of the call, unpacked; 10,000 administrations are 32."""

    seconds: float = 4.0
    pages: int = 100
    page_size: int = 1000
    concurrency: int = 8
    tries: int = 3
    pause: float = 0.1
    megabytes: float = 64

    def __post_init__(self) -> None:
        for name in ("seconds", "pages", "page_size", "concurrency", "tries", "megabytes"):
            if getattr(self, name) <= 0:
                raise ValueError(f"the limit {name} must be above 0, not {getattr(self, name)}")
        if self.pause < 0:
            raise ValueError(f"the pause before a second try cannot be negative, not {self.pause}")


@dataclass(slots=True)
class Budget:
    """What is left to one call. `until` is a time of the event loop. `by_post`: searches go by POST, since the site
    says so or the server was found to want it."""

    limits: Limits
    seconds: float
    until: float
    bytes_left: float
    by_post: bool

    @classmethod
    def start(cls, limits: Limits, now: float, seconds: float | None = None, *, by_post: bool = False) -> Budget:
        """A fresh budget; `seconds` replaces that of the limits."""
        seconds = limits.seconds if seconds is None else seconds
        return cls(limits, seconds, now + seconds, limits.megabytes * 1_000_000, by_post)

    def spend(self, size: int, what: str, where: str) -> None:
        """Take the bytes of an answer. Raises FhirError (unusable) where there are too many."""
        self.bytes_left -= size
        if self.bytes_left < 0:
            text = (
                f"{what}: the answers of {where} go beyond the limit of {self.limits.megabytes:g} MB; raise the limit"
            )
            raise FhirError(Kind.UNUSABLE, text)

    def too_late(self, what: str, where: str) -> FhirError:
        """The error for a call that its deadline ended."""
        return FhirError(Kind.UNAVAILABLE, f"{what}: {where} {self.time_limit}; try again later or raise the limit")

    @property
    def time_limit(self) -> str:
        """The words for a deadline that came."""
        return f"took longer than the limit of {self.seconds:g} s"
