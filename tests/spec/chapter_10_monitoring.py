"""Section 10: laboratory tests before a dose."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-02-28
"""
"""The next dose is due on 2025-06-28."""
ON = "2025-06-30"
BLOOD = """
    p1 | 777-3   | 2025-06-20 | 240 10*3/uL
    t1 | 5902-2  | 2025-06-20 | 12.1 s
    t2 | 14979-9 | 2025-06-20 | 29 s
"""
URINE = "u1 | 2888-6  | 2025-06-20 | 8 mg/dL"
DUE = "monitoring-due info 10"


def laboratory(
    title: str, results: str, tests: str, *, series: str = "-", window: int | None = None, whole: bool = True
) -> Case:
    """A loading under the US label, a maintenance dose that is due, and what the laboratory says."""
    return Case(
        title,
        "10",
        ON,
        history=LOADED,
        regimen="us-12mg",
        laboratory=results,
        laboratory_whole=whole,
        window=window,
        series=series,
        tests=tests,
        forecast="status: due\nrecommended: 2025-06-28\nfindings: -",
    )


def urine(title: str, results: str, expected: str, *, series: str = "-") -> Case:
    """The same with blood tests that are done, and urine protein as the table says."""
    return laboratory(title, BLOOD + results, f"urine protein | {expected}", series=series)


WINDOW = (
    laboratory(
        "All tests are done when each has a result since the last dose",
        BLOOD + URINE,
        """
        platelet count | done | p1 | -
        prothrombin time | done | t1 | -
        activated partial thromboplastin time | done | t2 | -
        urine protein | done | u1 | no
        """,
    ),
    laboratory(
        "Without any result all tests are missing: a reminder, and the dates stay as they are",
        "-",
        """
        platelet count | missing | - | -
        prothrombin time | missing | - | -
        activated partial thromboplastin time | missing | - | -
        urine protein | missing | - | -
        """,
        series=DUE,
    ),
    laboratory(
        "A result of the day of the last dose was for that dose, and is old",
        BLOOD + "u1 | 2888-6 | 2025-02-28 | 8 mg/dL",
        "urine protein | old | u1 | no",
        series=DUE,
    ),
    laboratory(
        "A result of the day after the last dose counts where the site has set no window",
        BLOOD + "u1 | 2888-6 | 2025-03-01 | 8 mg/dL",
        "urine protein | done | u1 | no",
    ),
    laboratory(
        "A result of the first day of the site's window counts",
        BLOOD + "u1 | 2888-6 | 2025-06-16 | 8 mg/dL",
        "urine protein | done | u1 | no",
        window=14,
    ),
    laboratory(
        "A result of the day before the site's window is old, though it came after the last dose",
        BLOOD + "u1 | 2888-6 | 2025-06-15 | 8 mg/dL",
        "urine protein | old | u1 | no",
        window=14,
        series=DUE,
    ),
    laboratory(
        "A result of today counts, and of several the latest",
        BLOOD + "u1 | 2888-6 | 2025-06-30 | 9 mg/dL\nu2 | 2888-6 | 2025-06-29 | 90 mg/dL",
        "urine protein | done | u1 | no",
        window=14,
    ),
    laboratory(
        "A result dated to a month counts by the first day that it can be",
        BLOOD + "u1 | 2888-6 | 2025-06 | 8 mg/dL",
        "urine protein | old | u1 | no",
        window=14,
        series=DUE,
    ),
    laboratory(
        "A result dated after today cannot be, so whether there is one is not known",
        BLOOD + "u1 | 2888-6 | 2025-07-01 | 8 mg/dL",
        "urine protein | not-known | - | -",
    ),
    laboratory(
        "A record of the first day of the site's window that cannot be read may be the result",
        BLOOD + "u1 | 2888-6 | 2025-06-16 | 8 mg/dL | unknown",
        "urine protein | not-known | - | -",
        window=14,
    ),
    laboratory(
        "One of the day before is not of the window: the test is missing",
        BLOOD + "u1 | 2888-6 | 2025-06-15 | 8 mg/dL | unknown",
        "urine protein | missing | - | -",
        window=14,
        series=DUE,
    ),
    laboratory(
        "What was not read is not called missing: only what is known to be old is",
        BLOOD + "u1 | 2888-6 | 2025-02-01 | 8 mg/dL",
        "platelet count | done | p1 | -\nurine protein | not-known | u1 | no",
        whole=False,
    ),
    laboratory(
        "The INR counts as prothrombin time, and the second code of aPTT as the first",
        "p1 | 777-3 | 2025-06-20 | 240 10*3/uL\nt1 | 6301-6 | 2025-06-20 | 1.0 {INR}\nt2 | 3173-2 | 2025-06-20 | 29 s",
        """
        prothrombin time | done | t1 | -
        activated partial thromboplastin time | done | t2 | -
        urine protein | missing | - | -
        """,
        series=DUE,
    ),
)

VALUES = (
    urine("Urine protein of 20 mg/dL is 0.2 g/L, which is not above it", "u1 | 2888-6 | 2025-06-20 | 20 mg/dL",
          "done | u1 | no"),
    urine("Urine protein of 21 mg/dL is above 0.2 g/L; that is no missing result",
          "u1 | 2888-6 | 2025-06-20 | 21 mg/dL",
          "done | u1 | yes"),
    urine("Urine protein in the unit of the label needs no conversion", "u1 | 2888-6 | 2025-06-20 | 0.21 g/L",
          "done | u1 | yes"),
    urine("Urine protein in mg/L is converted", "u1 | 2888-6 | 2025-06-20 | 201 mg/L", "done | u1 | yes"),
    urine("A unit in words is not guessed", 'u1 | 2888-6 | 2025-06-20 | 35 "mg/dL"', "done | u1 | -"),
    urine("A ratio to creatinine is a result, and cannot be compared with g/L", "u1 | 2890-2 | 2025-06-20 | 350 mg/g",
          "done | u1 | -"),
    urine("A unit that measures something else is not compared", "u1 | 2888-6 | 2025-06-20 | 350 mg/(24.h)",
          "done | u1 | -"),
    urine("Of two results of one day the one above the threshold counts",
          "u1 | 2888-6 | 2025-06-20 | 35 mg/dL\nu2 | 2888-6 | 2025-06-20 | 5 mg/dL\nu3 | 2890-2 | 2025-06-20 | 50 mg/g",
          "done | u1 | yes"),
    urine("It counts wherever it stands among the records",
          "u1 | 2890-2 | 2025-06-20 | 50 mg/g\nu2 | 2888-6 | 2025-06-20 | 5 mg/dL\nu3 | 2888-6 | 2025-06-20 | 35 mg/dL",
          "done | u3 | yes"),
    urine("Of two results of one day the one that can be compared counts",
          "u1 | 2890-2 | 2025-06-20 | 50 mg/g\nu2 | 2888-6 | 2025-06-20 | 5 mg/dL", "done | u2 | no"),
    urine("Of two results of one day that say the same the first on record counts",
          "u1 | 2888-6 | 2025-06-20 | 5 mg/dL\nu2 | 2888-6 | 2025-06-20 | 6 mg/dL", "done | u1 | no"),
    urine("Below a limit of detection that is under the threshold it is not above",
          "u1 | 2888-6 | 2025-06-20 | <4 mg/dL", "done | u1 | no"),
    urine("Up to the threshold is not above it", "u1 | 2888-6 | 2025-06-20 | <=20 mg/dL", "done | u1 | no"),
    urine("Below a limit above the threshold nobody can say", "u1 | 2888-6 | 2025-06-20 | <30 mg/dL", "done | u1 | -"),
    urine("More than the threshold is above it", "u1 | 2888-6 | 2025-06-20 | >20 mg/dL", "done | u1 | yes"),
    urine("More than less than the threshold may be above it or not", "u1 | 2888-6 | 2025-06-20 | >10 mg/dL",
          "done | u1 | -"),
    urine("At least more than the threshold is above it", "u1 | 2888-6 | 2025-06-20 | >=21 mg/dL", "done | u1 | yes"),
    urine("At least the threshold may be the threshold", "u1 | 2888-6 | 2025-06-20 | >=20 mg/dL", "done | u1 | -"),
)  # fmt: skip

RECORDS = (
    urine("A test strip is not quantitative: the test is missing", "u1 | 5804-0 | 2025-06-20 | 30 mg/dL",
          "missing | - | -", series=DUE),
    urine("A strip and a quantitative code in one record contradict one another",
          "u1 | 5804-0; 2888-6 | 2025-06-20 | 30 mg/dL", "not-known | - | -"),
    urine("A result that is not final yet is none", "u1 | 2888-6 | 2025-06-20 | 8 mg/dL | preliminary",
          "missing | - | -", series=DUE),
    urine("A corrected result is one", "u1 | 2888-6 | 2025-06-20 | 8 mg/dL | corrected", "done | u1 | no"),
    urine("A result that was entered in error, or cancelled, is left out",
          "u1 | 2888-6 | 2025-06-20 | 8 mg/dL | entered-in-error\nu2 | 2888-6 | 2025-06-20 | 8 mg/dL | cancelled",
          "missing | - | -", series=DUE),
    urine("A result of unknown status may be one", "u1 | 2888-6 | 2025-06-20 | 8 mg/dL | unknown", "not-known | - | -"),
    urine("A result without the day of its specimen may be one", "u1 | 2888-6 | - | 8 mg/dL", "not-known | - | -"),
    urine("A result without a value may be one", "u1 | 2888-6 | 2025-06-20", "not-known | - | -"),
    urine("A result in words is not quantitative", 'u1 | 2888-6 | 2025-06-20 | "negative"', "not-known | - | -"),
    urine("An unreadable record beside a good one does no harm",
          f"{URINE}\nu2 | 2888-6 | 2025-06-21 | 8 mg/dL | unknown", "done | u1 | no"),
    urine("An unreadable record from before the window cannot be the result",
          "u1 | 2888-6 | 2025-02-01 | 8 mg/dL | unknown", "missing | - | -", series=DUE),
    urine("A specimen taken over some days counts by the first of them",
          "u1 | 2888-6 | period from 2025-06-20 to 2025-06-21 | 8 mg/dL", "done | u1 | no"),
)  # fmt: skip

NEAR = (
    Case(
        "Before the next dose is due nothing is said of tests",
        "10",
        "2025-04-01",
        history=LOADED,
        regimen="us-12mg",
        laboratory="-",
        series="-",
        tests="-",
        forecast="status: upcoming",
    ),
    Case(
        "A proposed date makes the dose near, whatever the schedule says of it",
        "10",
        "2025-04-01",
        history=LOADED,
        proposals="m1 | 2025-06-28 | 12 mg",
        regimen="us-12mg",
        laboratory="-",
        series=DUE,
        tests="platelet count | missing",
        proposed="m1 | 2025-06-28 | maintenance | 120 | -",
    ),
    Case(
        "Before the first dose a result of any day is the baseline",
        "10",
        "2025-06-30",
        proposals="m1 | 2025-07-01 | 12 mg",
        regimen="us-12mg",
        laboratory=BLOOD + "u1 | 2888-6 | 2020-01-01 | 8 mg/dL",
        series="-",
        tests="urine protein | done | u1 | no",
    ),
    Case(
        "An overdue dose is near",
        "10",
        "2025-09-01",
        history=LOADED,
        regimen="us-12mg",
        laboratory="-",
        series=DUE,
        forecast="status: overdue\nfindings: overdue warning F7",
    ),
    Case(
        "Where a clinician decides, tests are due from the day on which the minimum interval is kept",
        "10",
        "2025-01-24",
        history="a1 | 2025-01-01\na2 | 2025-01-10",
        regimen="us-12mg",
        laboratory="-",
        series=DUE,
        forecast="status: decision\nearliest: 2025-01-24",
    ),
    Case(
        "Where a clinician decides, and before that day, nothing is said of tests",
        "10",
        "2025-01-23",
        history="a1 | 2025-01-01\na2 | 2025-01-10",
        regimen="us-12mg",
        laboratory="-",
        series="-",
        tests="-",
        forecast="status: decision",
    ),
    Case(
        "Where only an unreadable dose is on record, a dose can be near",
        "10",
        "2025-06-30",
        history="u1 | 2025-06-01 | | unreadable: status-unknown",
        regimen="us-12mg",
        laboratory="-",
        series=f"status-unknown warning C2, history-incomplete warning F1, {DUE}",
        forecast="status: decision",
    ),
    Case(
        "The EU label asks for tests only if clinically indicated: results are not looked at",
        "10",
        "2025-07-07",
        history=LOADED,
        laboratory=URINE.replace("8 mg", "90 mg"),
        series="-",
        tests="-",
        forecast="status: due",
    ),
    Case(
        "The tests are those of the regimen by which the next dose is forecast",
        "10",
        "2025-06-30",
        history=LOADED,
        regimen="us-12mg + us-high-dose",
        laboratory="-",
        series=DUE,
        forecast="status: due",
    ),
)

CHAPTER = Chapter(
    10,
    "Laboratory monitoring before a dose",
    "The US label before March 2026 asks for four laboratory tests before each dose. That one is missing is a "
    'reminder. Codes are those of LOINC; "above" is about the label\'s 0.2 g/L of urine protein.',
    (*WINDOW, *VALUES, *RECORDS, *NEAR),
)
