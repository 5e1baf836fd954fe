"""`nusinersen-cds check`: an assessment for each patient and drug on standard output, all else on standard error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

import orjson
import typer

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.codes import Severity
from cds.dosing.document import as_json
from cds.dosing.drug import Drug
from cds.dosing.facts import Proposal
from cds.fhir.read import RESOURCE
from cds.fhir.versions import refused_version
from hooks.console import ExitCode, UsageError, counted, output, say, say_all
from hooks.histories import Histories, History, from_files, patient_reference
from hooks.question import Question
from hooks.server_histories import from_server
from hooks.settings import CheckSettings

_Assessed = Sequence[tuple[History, Assessment]]


class Format(StrEnum):
    """How the assessments are written."""

    TEXT = "text"
    JSON = "json"
    NDJSON = "ndjson"


def check(
    inputs: Sequence[str], patients: Sequence[str], question: Question, form: Format, settings: CheckSettings
) -> ExitCode:
    """Reads, assesses, prints. Raises UsageError where nothing can be read for reasons that the user can mend."""
    histories = _histories(inputs, [patient_reference(given) for given in patients], question, settings)
    assessed = [(history, _assess(history, question)) for history in histories.patients]
    with output():
        _print(assessed, form)
    _report(histories, assessed, question.drugs)
    return _exit_code(histories, [assessment for _, assessment in assessed])


def _histories(inputs: Sequence[str], wanted: list[str], question: Question, settings: CheckSettings) -> Histories:
    drugs, zone = question.drugs, question.zone
    if not all(given.strip() for given in inputs):
        raise UsageError(
            "INPUT is empty, from a variable that is not set perhaps; name a file, a folder or a FHIR server"
        )
    urls = [given for given in inputs if given.lower().startswith(("http://", "https://"))]
    other = [given for given in inputs if "://" in given and given not in urls and not Path(given).exists()]
    if other:
        raise UsageError(f"{other[0]}: is no http or https URL; give the base URL of a FHIR server, or a file")
    if not urls:
        return from_files([Path(given) for given in inputs], wanted, drugs, zone, question.markers)
    if len(inputs) > 1:
        # The same id on two servers is two people; the same records in a file and on a server would be read twice.
        raise UsageError("name files and folders, or one FHIR server alone: ids of one source mean nothing in another")
    return from_server(urls[0], wanted, drugs, question, settings)


def _assess(history: History, question: Question) -> Assessment:
    proposals = [Proposal(f"proposed-{number}", day) for number, day in enumerate(question.proposed, start=1)]
    return assess(
        history.patient,
        history.records,
        question.regimens(history.drug),
        on=question.on,
        whole=history.whole,
        proposals=proposals,
        ended=history.died is not None and history.died <= question.on,
        complete_since=question.complete_since,
    )


def _print(assessed: _Assessed, form: Format) -> None:
    match form:
        case Format.NDJSON:
            for _, assessment in assessed:
                typer.echo(orjson.dumps(as_json(assessment)))
        case Format.JSON:
            every = [as_json(assessment) for _, assessment in assessed]
            typer.echo(orjson.dumps(every, option=orjson.OPT_INDENT_2))
        case Format.TEXT:
            from hooks.text import show

            show(assessed)


def _report(histories: Histories, assessed: _Assessed, drugs: Sequence[Drug]) -> None:
    """What was read and what was not, and the count of patients."""
    for title, lines in histories.remarks.items():
        say_all(title, lines)
    say_all("Rejected, since no patient is named (rule C9)", histories.rejected)
    by_drug = [[each for each in assessed if each[0].drug.id == drug.id] for drug in drugs]
    names = [f"{drug.id}: " if len(drugs) > 1 else "" for drug in drugs]
    # the records of a patient are the same for every drug
    again = [line for history, _ in by_drug[0] for line in history.again]
    say_all("Given more than once; of each the last updated counts, or the last one read where that is not said", again)
    not_counted = [_not_counted(assessment for _, assessment in of_drug) for of_drug in by_drug]
    say_all("Not counted", [name + line for name, lines in zip(names, not_counted, strict=True) for line in lines])
    say_all("Only FHIR R4 and R5 are read", _other_versions(history for history, _ in by_drug[0]))
    say_all("NOT READ, so that histories may be incomplete", histories.not_read)
    say_all("Not usable", histories.unusable)
    for name, of_drug in zip(names, by_drug, strict=True):
        _report_drug(histories, of_drug, name)


def _report_drug(histories: Histories, assessed: _Assessed, name: str) -> None:
    """The account of the records, as they were read for one drug, and the patients; `name` is empty where there is no
    other drug."""
    if histories.administrations:
        total = counted(histories.administrations, RESOURCE)
        parts = ", ".join(f"{number} {what}" for what, number in _account(histories, assessed).items() if number)
        say(f"{name}Read from {histories.source}: {total}: {parts}.")
    severities = Counter(worst(assessment) for _, assessment in assessed)
    said = [
        f"{severities[Severity.CRITICAL]} with a critical finding",
        f"{severities[Severity.WARNING]} with a warning",
        f"{severities[Severity.INFO] + severities[None]} with neither",
    ]
    say(f"{name}{counted(len(assessed), 'patient')} assessed: {', '.join(said)}.")


def _account(histories: Histories, assessed: _Assessed) -> dict[str, int]:
    """What became of every MedicationAdministration, read for one drug; the numbers add up to those that were read."""
    every = [assessment for _, assessment in assessed]
    used = {
        "counted": sum(len(dose.administrations) for each in every for dose in each.evaluations),
        "not given": sum(len(each.not_given) for each in every),
        "unreadable": sum(len(each.unreadable) for each in every),
        "not identified": sum(len(each.unidentified) for each in every),
    }
    named = sum(len(history.resources) for history, _ in assessed)
    again = sum(len(history.again) for history, _ in assessed)
    return {
        **used,
        "of another drug or entered in error": named - sum(used.values()),
        "given again": again,
        "rejected": len(histories.rejected),
        "of patients not asked for": histories.administrations - named - again - len(histories.rejected),
    }


def _other_versions(histories: Iterable[History]) -> list[str]:
    versions = Counter(refused_version(resource) for history in histories for resource in history.resources.values())
    return [
        f"{counted(number, 'record')} with elements of {version}; convert to R4"
        for version, number in versions.items()
        if version
    ]


def _not_counted(assessments: Iterable[Assessment]) -> list[str]:
    """Each reason with its number: the records themselves are in the assessments."""
    reasons: Counter[str] = Counter()
    for assessment in assessments:
        reasons.update(
            f"{record.reason.value} (rule {record.rule}): {record.element} {record.detail}"
            for record in assessment.unreadable
        )
        reasons.update(f"unidentified-record (rule C1): {record.detail}" for record in assessment.unidentified)
        reasons.update("not given (rule C2)" for _ in assessment.not_given)
    return [f"{number} x {reason}" for reason, number in reasons.most_common()]


def worst(assessment: Assessment) -> Severity | None:
    """The worst severity in all that an assessment says, None if it has no finding."""
    parts = [assessment.findings, assessment.forecast.findings]
    parts += [evaluation.findings for evaluation in assessment.evaluations]
    parts += [proposed.findings for proposed in assessment.proposed]
    found = {finding.severity for findings in parts for finding in findings}
    return next((severity for severity in Severity if severity in found), None)


def _exit_code(histories: Histories, assessments: Iterable[Assessment]) -> ExitCode:
    if histories.unusable:
        return ExitCode.USAGE
    if histories.not_read:
        return ExitCode.NOT_READ
    telling = (Severity.CRITICAL, Severity.WARNING)
    return ExitCode.FINDINGS if any(worst(each) in telling for each in assessments) else ExitCode.CLEAR
