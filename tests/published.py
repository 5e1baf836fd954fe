"""The folder of records that others have published: not ours, so not part of the repository."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "NUSINERSEN_CDS_PUBLISHED_DATA"
FOLDER = Path(os.environ.get(VARIABLE) or Path(__file__).parents[2] / "shared" / "data")
"""Absent on most machines; tests that read it are marked `published`."""

ABSENT = f"there is no folder {FOLDER}: set {VARIABLE} to the folder of published records"


def files(pattern: str) -> list[Path]:
    """The files under the folder that match, in order of path; none where the folder is absent."""
    return sorted(FOLDER.glob(pattern))
