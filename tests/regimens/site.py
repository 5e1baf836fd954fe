"""A site's folder, made of texts: a sound regimen, drug and code file that a test breaks in one place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cds.regimens.library import RegimenFaults, load

REGIMEN = """\
id = "local"
version = "1.0.0"
authority = "Example Medicines Board"
title = "An invented label"
verified = "yes"
drug = "nusinersen"
minimum_interval = "14d"
delay = "table"

[[source]]
title = "Invented label"
date = "2020-01"
section = "4.2"

[[loading]]
dose_mg = 12

[[loading]]
dose_mg = 12
interval = "2w"

[maintenance]
dose_mg = 12.5
interval = "4mo"

[catch_up]
interval = "14d"
limit = "3mo"
loading_limit = "3mo"
near_boundary_days = 3

[[catch_up.row]]
from = "8mo"
extra_doses = 1

[[catch_up.row]]
from = "40mo"
extra_doses = "loading"

[tolerance]
loading_days = 7
maintenance_days = 28
source = "Invented"

[monitoring]
asked = "if-indicated"
statement = "Only if clinically indicated."
source = "Invented"

[statements]
schedule = "Two doses, then one every 4 months."
minimum-interval = "14 days."
delayed-dose = "As the table says."
delayed-loading = "Nothing is said."
"""

DRUG = """\
id = "inventedersen"
title = "inventedersen"
names = ["Inventedersen"]

[systems.local]
uris = ["https://codes.example.invalid/drugs"]
source = "Invented"

[[product]]
system = "local"
codes = ["A1"]
source = "Invented"
mg = 100
ml = 15

[[look_alike]]
drug = "another"
system = "local"
codes = ["B1"]
source = "Invented"

[[route]]
system = "local"
source = "Invented"
codes = { IT = "Intrathecal" }

[[other_route]]
system = "local"
source = "Invented"
codes = { IV = "Intravenous" }
"""

CODES = """\
drug = "nusinersen"

[systems.local]
uris = ["https://codes.example.invalid/drugs"]
source = "Invented"

[[product]]
system = "local"
codes = ["N1"]
source = "Invented"
mg = 12
ml = 5
"""

SOUND = {"local.toml": REGIMEN, "drugs/inventedersen.toml": DRUG, "codes/local.toml": CODES}


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def faults(folder: Path) -> list[str]:
    """Each fault of the folder as `file | where | what`, the files named from the folder on."""
    with pytest.raises(RegimenFaults) as caught:
        load(folder)
    prefix = f"{folder}/"
    return [f"{fault.file.removeprefix(prefix)} | {fault.where} | {fault.what}" for fault in caught.value.faults]


def broken(text: str, old: str, new: str) -> str:
    """The text with its first `old` replaced; a test that breaks nothing would prove nothing."""
    assert old in text, old
    return text.replace(old, new, 1)
