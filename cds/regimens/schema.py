"""The shape of a regimen file, a drug file and a code file: pydantic models that refuse every key they do not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, StringConstraints

from cds.dosing.calendar import Period


def _period(value: object) -> Period:
    if not isinstance(value, str):
        raise ValueError("a period is written as text, like '14d', '5w' or '4mo'")
    return Period.parse(value)


def _number(value: object) -> Decimal:
    # bool is an int to Python, and a TOML integer is not yet a Decimal
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("write a number, like 12 or 12.5")
    return Decimal(value)


def _extra_doses(value: object) -> int | None:
    if value == "loading":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise ValueError("write a whole number from 1 on, or 'loading' for the whole loading again")


def _form(pattern: str, words: str) -> AfterValidator:
    """A text of this form; `words` tell the reader of the file what to write."""

    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise ValueError(f"{value!r} is not {words}")
        return value

    return AfterValidator(check)


_PERIOD_AS_WRITTEN = Annotated[str, Field(pattern=r"^[0-9]{1,4}(d|w|mo)$")]
PeriodText = Annotated[Period, PlainValidator(_period, json_schema_input_type=_PERIOD_AS_WRITTEN)]
Positive = Annotated[Decimal, BeforeValidator(_number, json_schema_input_type=float), Field(gt=0)]
Days = Annotated[int, Field(ge=0)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Code = Annotated[str, _form(r"\S+( \S+)*", "a code: no blanks at its ends, and none doubled")]
Uri = Annotated[str, _form(r"(https?://|urn:)\S+", "a URI: it starts with http://, https:// or urn:")]
Id = Annotated[str, _form(r"[a-z0-9]+(-[a-z0-9]+)*", "an id: small letters and digits, joined by hyphens")]
Unit = Annotated[str, _form(r"[!-~]{1,32}", "a unit: a code of UCUM, like g/L or 10*9/L")]
Version = Annotated[str, _form(r"[0-9]+([.-][0-9]+)*", "a version: numbers joined by dots or hyphens, like 1.0.0")]


class FileModel(BaseModel):
    """A table of a file: no key that is not listed, no value that is not of its type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SourceTable(FileModel):
    """A document that the regimen was read from."""

    title: Text
    date: Text
    section: Text
    url: Uri | None = None


class LoadingTable(FileModel):
    """One loading dose: mg, and the interval from the dose before it."""

    dose_mg: Positive
    interval: PeriodText | None = None


class MaintenanceTable(FileModel):
    """The maintenance dose: mg, and the interval from the dose before it."""

    dose_mg: Positive
    interval: PeriodText


class RowTable(FileModel):
    """A row of the label's table: from so long after the last dose, so many extra doses or the whole loading."""

    from_: PeriodText = Field(alias="from")
    extra_doses: Annotated[
        int | None,
        PlainValidator(_extra_doses, json_schema_input_type=Annotated[int, Field(ge=1)] | Literal["loading"]),
    ]


class CatchUpTable(FileModel):
    """What follows a delay (rules W5, W7, W8 and F8)."""

    interval: PeriodText
    limit: PeriodText
    loading_limit: PeriodText
    near_boundary_days: Days
    row: Annotated[list[RowTable], Field(min_length=1)]


class LimitsTable(FileModel):
    """After so long a gap between the first two doses, doses before them may be missing from the record (rule W4)."""

    undocumented_loading: PeriodText | None = None


class SwitchTable(FileModel):
    """A change to this regimen that the label describes: the next maintenance dose, of `from_mg`, is replaced by one of
    `dose_mg`, less than `within` after the last dose (rule W11)."""

    from_mg: Positive
    dose_mg: Positive
    within: PeriodText
    source: Text


class ToleranceTable(FileModel):
    """Days each way within which a dose is on time."""

    loading_days: Days
    maintenance_days: Days
    source: Text


class StatementsTable(FileModel):
    """What the label says, by topic, in our own words."""

    schedule: Text
    minimum_interval: Text = Field(alias="minimum-interval")
    delayed_dose: Text = Field(alias="delayed-dose")
    delayed_loading: Text = Field(alias="delayed-loading")


class LabTestTable(FileModel):
    """A laboratory test: the codes of its quantitative results, each with its usual UCUM unit, and those of strips.
    A result above `above`, in `unit`, is shown with `advice`."""

    name: Text
    system: Uri
    codes: Annotated[dict[Code, Unit], Field(min_length=1)]
    strips: list[Code] = []
    above: Positive | None = None
    unit: Unit | None = None
    advice: Text | None = None
    source: Text


class MonitoringTable(FileModel):
    """Which tests the label asks for before a dose (rule 10): before each one, only if clinically indicated, or what it
    asks is not stated."""

    asked: Literal["each-dose", "if-indicated", "not-stated"]
    statement: Text
    source: Text
    test: list[LabTestTable] = []


class RegimenFile(FileModel):
    """One regimen: a label text of an authority, as `<id>.toml`."""

    id: Id
    version: Version
    authority: Text
    title: Text
    verified: Text
    drug: Id
    minimum_interval: PeriodText
    delay: Literal["table", "resume", "refer"]
    notes: list[Text] = []
    source: Annotated[list[SourceTable], Field(min_length=1)]
    loading: Annotated[list[LoadingTable], Field(min_length=1)]
    maintenance: MaintenanceTable
    catch_up: CatchUpTable | None = None
    limits: LimitsTable = LimitsTable()
    switch: list[SwitchTable] = []
    tolerance: ToleranceTable
    monitoring: MonitoringTable
    statements: StatementsTable


class InForceTable(FileModel):
    """The regimens in force from a day on; without a day, from the beginning."""

    from_: date | None = Field(None, alias="from")
    regimens: Annotated[list[Id], Field(min_length=1)]


class TimelineFile(FileModel):
    """Which regimens judge the doses of which days (rule W12), in a file named by whoever asks."""

    in_force: Annotated[list[InForceTable], Field(min_length=1)]


class SystemTable(FileModel):
    """A code system: its canonical URI first, then other URIs that mean the same."""

    uris: Annotated[list[Uri], Field(min_length=1)]
    source: Text


class ProductTable(FileModel):
    """Product codes; `mg` in `ml` only where the code itself tells the strength (rule C5)."""

    system: Id
    codes: Annotated[list[Code], Field(min_length=1)]
    source: Text
    mg: Positive | None = None
    ml: Positive | None = None


class LookAlikeTable(FileModel):
    """Codes of another drug that is easily taken for this one (rule C1)."""

    drug: Text
    system: Id
    codes: Annotated[list[Code], Field(min_length=1)]
    source: Text


class OtherTherapyTable(FileModel):
    """Another therapy of the same disease (rule C8): the name that its codes have among the look-alikes, and the words
    by which a text tells it."""

    drug: Text
    names: Annotated[list[Text], Field(min_length=1)]


class RouteTable(FileModel):
    """Route codes of one system, each with its name (rule C4)."""

    system: Id
    codes: Annotated[dict[Code, Text], Field(min_length=1)]
    source: Text


class CodesFile(FileModel):
    """Codes that a site adds to a drug, as `codes/<name>.toml`."""

    drug: Id
    notes: list[Text] = []
    systems: dict[Id, SystemTable] = {}
    product: list[ProductTable] = []
    look_alike: list[LookAlikeTable] = []
    route: list[RouteTable] = []
    other_route: list[RouteTable] = []


class DrugFile(FileModel):
    """One drug: its names and codes, as `drugs/<id>.toml`."""

    id: Id
    title: Text
    names: Annotated[list[Text], Field(min_length=1)]
    default: bool = False
    notes: list[Text] = []
    systems: dict[Id, SystemTable]
    product: Annotated[list[ProductTable], Field(min_length=1)]
    look_alike: list[LookAlikeTable] = []
    other_therapy: list[OtherTherapyTable] = []
    route: Annotated[list[RouteTable], Field(min_length=1)]
    other_route: list[RouteTable] = []


KINDS: Mapping[str, type[FileModel]] = {
    "regimen": RegimenFile,
    "drug": DrugFile,
    "codes": CodesFile,
    "timeline": TimelineFile,
}
"""The kinds of files, by what they state."""


def json_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of a kind of file, for editors that check TOML while it is written. What one key says of another
    is checked by `regimens check` alone. Raises KeyError for what is no kind."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **KINDS[kind].model_json_schema()}
