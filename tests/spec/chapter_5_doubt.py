"""Section 5: the forecast, first part: where a clinician decides, since the history or the label leaves a doubt."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

LOADED = """
    a1 | 2025-01-01
    a2 | 2025-01-15
    a3 | 2025-01-29
    a4 | 2025-03-05
"""
ON_SCHEDULE = LOADED + "a5 | 2025-07-05\n"
LATE_ONCE = LOADED + "a5 | 2025-08-10\n"
UNDEFINED = LOADED + "a5 | 2025-10-23\n"
ONE_EXTRA = LOADED + "a5 | 2025-11-05\n"
RESTARTED = LOADED + "a5 | 2028-07-05\n"


def possible(day: str) -> str:
    """A record with an unknown status: perhaps a dose."""
    return f"u1 | {day} | | unreadable: status-unknown"


INCOMPLETE = """
    status: decision
    recommended: -
    overdue_from: -
    plan: -
    options: -
    findings: history-incomplete warning F1
"""
NO_DOUBT = """
    status: upcoming
    findings: -
"""

NOT_READ = (
    Case(
        "Without any dose treatment has not begun: no dates, and a plan from today",
        "F1 F9",
        "2025-03-20",
        forecast="""
            status: not-started
            step: loading-1
            earliest: -
            recommended: -
            overdue_from: -
            plan: loading-1 2025-03-20, loading-2 2025-04-03, loading-3 2025-04-17, loading-4 2025-05-22
            options: -
            findings: -
        """,
        series="-",
    ),
    Case(
        "A history that was not read whole never says 'on schedule'",
        "F1",
        "2025-01-20",
        whole=False,
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
        """,
        doses="""
            a2 | loading-2 | 14 | -
        """,
        series="history-incomplete warning F1",
        forecast="step: loading-3\nearliest: 2025-01-29" + INCOMPLETE,
    ),
    Case(
        "Not read whole and no dose found: not 'treatment has not begun'",
        "F1",
        "2025-01-20",
        whole=False,
        series="history-incomplete warning F1",
        forecast="step: loading-1\nearliest: -" + INCOMPLETE,
    ),
    Case(
        "A record of the drug without a date may be a dose on any day",
        "F1 C3",
        "2025-08-01",
        history=ON_SCHEDULE + "u1 | - | | unreadable: date-missing",
        series="date-missing warning C3, history-incomplete warning F1",
        forecast="step: maintenance\nearliest: 2025-07-19" + INCOMPLETE,
    ),
    Case(
        "A record without a date stays a doubt beside one of the loading that changes nothing",
        "F1 C3",
        "2025-07-01",
        history=LOADED + "u1 | - | | unreadable: date-missing\nu2 | 2025-02-01 | | unreadable: status-unknown",
        forecast="step: maintenance" + INCOMPLETE,
    ),
    Case(
        "So may a record that names only the year, even one long ago",
        "F1 D2",
        "2025-08-01",
        history=ON_SCHEDULE + possible("2020"),
        series="status-unknown warning C2, history-incomplete warning F1",
        forecast="step: maintenance" + INCOMPLETE,
    ),
    Case(
        "On the first day of a year a record that names only that year may be a dose of today",
        "F1 D2",
        "2026-01-01",
        history=LOADED + "a5 | 2025-07-05\na6 | 2025-11-05\nu1 | 2026 | | unreadable: status-unknown",
        forecast="step: maintenance" + INCOMPLETE,
    ),
    Case(
        "With no dose but one that cannot be read, treatment may have begun",
        "F1",
        "2025-08-01",
        history=possible("2025-06-01"),
        forecast="step: loading-1\nearliest: -" + INCOMPLETE,
    ),
    Case(
        "A record dated after today tells of no dose given",
        "F1 C3",
        "2025-08-01",
        history=ON_SCHEDULE + possible("2025-08-02"),
        series="status-unknown warning C2, history-incomplete warning F1",
        forecast=NO_DOUBT,
    ),
    Case(
        "A record of another patient takes no schedule away, even without a date",
        "F1 C9",
        "2025-08-01",
        history=ON_SCHEDULE + "u1 | - | | unreadable: wrong-patient",
        series="wrong-patient warning C9, history-incomplete warning F1",
        forecast=NO_DOUBT,
    ),
    Case(
        "An unidentified record takes no schedule away",
        "F1 C1",
        "2025-08-01",
        history=ON_SCHEDULE + "u1 | 2025-07-20 | | unidentified",
        unidentified="u1",
        series="unidentified-record info C1",
        forecast=NO_DOUBT,
    ),
)

POSSIBLE_DOSES = (
    Case(
        "A possible dose on the day of the last maintenance dose changes nothing",
        "F1",
        "2025-08-01",
        history=ON_SCHEDULE + possible("2025-07-05"),
        series="status-unknown warning C2, history-incomplete warning F1",
        forecast=NO_DOUBT,
    ),
    Case(
        "A possible dose a day after the last dose would itself be the last",
        "F1",
        "2025-08-01",
        history=ON_SCHEDULE + possible("2025-07-06"),
        forecast="step: maintenance\nearliest: 2025-07-19" + INCOMPLETE,
    ),
    Case(
        "A possible dose some day in the month of the last dose can lie after it",
        "F1",
        "2025-08-01",
        history=ON_SCHEDULE + possible("2025-07"),
        forecast=INCOMPLETE,
    ),
    Case(
        "If only the month of the last dose is known, its first day counts",
        "F1",
        "2025-08-01",
        history=LOADED + "a5 | 2025-06\n" + possible("2025-06-02"),
        forecast=INCOMPLETE,
    ),
    Case(
        "A possible dose on the first day of that month changes nothing",
        "F1",
        "2025-08-01",
        history=LOADED + "a5 | 2025-06\n" + possible("2025-06-01"),
        forecast=NO_DOUBT,
    ),
    Case(
        "In loading, a possible dose after the first may be a loading dose",
        "F1",
        "2025-02-01",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
        """
        + possible("2025-01-02"),
        forecast="step: loading-4\nearliest: 2025-02-12" + INCOMPLETE,
    ),
    Case(
        "In loading, a possible dose on the day of the first one changes nothing",
        "F1",
        "2025-02-01",
        history="""
            a1 | 2025-01-01
            a2 | 2025-01-15
            a3 | 2025-01-29
        """
        + possible("2025-01-01"),
        forecast=NO_DOUBT,
    ),
    Case(
        "In a restarted loading, a possible dose in the long break may show that there was none",
        "F1",
        "2028-07-10",
        history=RESTARTED + possible("2027-01-01"),
        forecast="step: loading-2" + INCOMPLETE,
    ),
    Case(
        "A possible dose before that long break changes nothing",
        "F1",
        "2028-07-10",
        history=RESTARTED + possible("2025-03-05"),
        forecast=NO_DOUBT,
    ),
    Case(
        "While extra doses are due, a possible dose in the delay may show that none is needed",
        "F1",
        "2025-11-10",
        history=ONE_EXTRA + possible("2025-06-01"),
        forecast="step: catch-up" + INCOMPLETE,
    ),
    Case(
        "After the first of two extra doses, a possible dose in the delay still matters",
        "F1",
        "2026-07-25",
        history=LOADED + "a5 | 2026-07-05\na6 | 2026-07-19\n" + possible("2026-01-01"),
        forecast="step: catch-up" + INCOMPLETE,
    ),
    Case(
        "A possible dose before the delay changes nothing",
        "F1",
        "2025-11-10",
        history=ONE_EXTRA + possible("2025-03-05"),
        forecast=NO_DOUBT,
    ),
    Case(
        "After the first of two extra doses, a possible dose in the loading changes nothing",
        "F1",
        "2026-07-25",
        history=LOADED + "a5 | 2026-07-05\na6 | 2026-07-19\nu1 | 2025-02-10 | | unreadable: status-unknown",
        forecast="status: upcoming\nstep: catch-up\nrecommended: 2026-08-02\nfindings: -",
    ),
    Case(
        "Once the extra dose is given, the delay no longer matters",
        "F1",
        "2025-11-25",
        history=ONE_EXTRA + "a6 | 2025-11-19\n" + possible("2025-06-01"),
        forecast=NO_DOUBT,
    ),
    Case(
        "Where a late dose kept the original schedule, a possible dose before it may have been the one on schedule",
        "F1",
        "2025-09-01",
        history=LATE_ONCE + possible("2025-03-06"),
        forecast=INCOMPLETE,
    ),
    Case(
        "A possible dose on the day of the dose before the late one changes nothing",
        "F1",
        "2025-09-01",
        history=LATE_ONCE + possible("2025-03-05"),
        forecast=NO_DOUBT,
    ),
    Case(
        "Where the last dose left the schedule undefined, likewise",
        "F1 F5",
        "2025-10-25",
        history=UNDEFINED + possible("2025-06-01"),
        forecast=INCOMPLETE,
    ),
    Case(
        "With no possible dose between the two, the undefined schedule is what needs a decision",
        "F1 F5",
        "2025-10-25",
        history=UNDEFINED + possible("2025-03-05"),
        forecast="""
            status: decision
            findings: schedule-undefined warning F5
        """,
    ),
)

CHAPTER = Chapter(
    5,
    "The forecast: where a clinician decides",
    "A decision has an earliest date and sometimes options, but no recommended date and no plan. It names one reason,"
    " and beside it any delay. A possible dose is a record of the drug that cannot be counted and has a day or month.",
    NOT_READ + POSSIBLE_DOSES,
)
