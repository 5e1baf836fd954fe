"""A sample of the patients of an audit: always the same ones, by a hash of their ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from heapq import nsmallest


def drawn(patients: Iterable[str], number: int) -> list[str]:
    """So many of the patients, all where there are fewer. Who is drawn depends on nobody's data but the id, so that a
    patient of a small sample is in every larger one, and in that of the next audit."""
    return nsmallest(number, patients, key=_rank)


def _rank(patient: str) -> tuple[bytes, str]:
    return hashlib.blake2b(b"sample\n" + patient.encode(errors="surrogatepass"), digest_size=16).digest(), patient
