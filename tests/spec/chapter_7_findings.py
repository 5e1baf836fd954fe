"""Section 7: the list of findings, their order and their severities."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

CHAPTER = Chapter(
    7,
    "Findings",
    "Findings are a closed list. They are ordered by severity, then by the list; the same one is named once.",
    (
        Case(
            "The findings of one dose in order: by severity, then by the list",
            "7",
            "2026-02-01",
            history="""
                a1 | 2026-01-01
                a2 | 2026-01-10 | 12 mg | stopped
                a3 | 2026-01-10 | 28 mg | stopped
            """,
            doses="""
                a2, a3 | loading-2 | 9 | interval-too-short critical W2, unexpected-amount warning C5,\
 partial-dose warning C2, conflicting-records warning C6
            """,
        ),
        Case(
            "What two records of one dose both say is said once",
            "7 C1",
            "2026-01-20",
            resources="""
                record | medication      | effective
                a1     | text "Spinraza" | 2026-01-01
                a2     | text "Spinraza" | 2026-01-01
            """,
            doses="""
                a1, a2 | loading-1 | - | duplicate-record info C6, identified-by-text info C1
            """,
        ),
        Case(
            "Each reason for which records could not be read is named once",
            "7",
            "2026-01-20",
            history="""
                u3 | 2026-01-01 | | unreadable: status-unknown
                u1 | -          | | unreadable: date-missing
                u2 | -          | | unreadable: date-missing
            """,
            unreadable="u1 date-missing, u2 date-missing, u3 status-unknown",
            series="status-unknown warning C2, date-missing warning C3, history-incomplete warning F1",
        ),
        Case(
            "All unidentified records together give one finding",
            "7 C1",
            "2026-01-20",
            history="""
                x2 | 2026-01-01 | | unidentified
                x1 | -          | | unidentified
            """,
            unidentified="x1, x2",
            series="unidentified-record info C1",
        ),
        Case(
            "A critical finding stands before all warnings, whatever the list says",
            "7 C4",
            "2026-01-20",
            history="""
                u1 | -          | | unreadable: date-missing
                u2 | 2026-01-01 | | unreadable: unexpected-route
            """,
            series="unexpected-route critical C4, date-missing warning C3, history-incomplete warning F1",
        ),
    ),
)
