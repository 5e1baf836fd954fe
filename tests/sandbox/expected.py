"""What the files of the demo patients expect of the regimens of the demonstration, on any day."""

from __future__ import annotations

from dataclasses import dataclass

from hooks.sandbox.folder import fixtures, only, read_toml


@dataclass(frozen=True, slots=True)
class Line:
    """One expected step or forecast: its name and the codes of its findings, in the order of section 7."""

    step: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """The steps of the doses, the forecast, the findings of the series, and those of a draft order."""

    evaluations: tuple[Line, ...]
    status: str
    forecast: Line
    series: tuple[str, ...]
    order: tuple[str, ...] | None

    @property
    def codes(self) -> set[str]:
        lines = (*self.evaluations, self.forecast)
        return {code for line in lines for code in line.findings} | {*self.series, *(self.order or ())}


def expected(name: str) -> Expected:
    table = read_toml(fixtures() / "patients" / f"{name}.toml")
    keys = {"evaluations", "status", "forecast", "series"}
    said = only(table["expected"], needed=keys, allowed=set(), where=f"{name}: expected")
    return Expected(
        tuple(line(text) for text in said["evaluations"]),
        said["status"],
        line(said["forecast"]),
        tuple(said["series"]),
        tuple(table["order"]["findings"]) if "order" in table else None,
    )


def line(text: str) -> Line:
    step, *findings = text.split()
    return Line(step, tuple(findings))
