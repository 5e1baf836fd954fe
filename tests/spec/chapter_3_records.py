"""Section 3: which records count, first part: is it the drug, and was it given to this patient."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

IDENTIFICATION = (
    Case(
        "A record with a listed product code is of the drug",
        "C1",
        "2026-01-20",
        resources="""
            record | medication    | effective
            a1     | ATC M09AX07   | 2026-01-01
            a2     | SNOMED 763556007 | 2026-01-15
        """,
        doses="""
            a1 | loading-1 | -  | -
            a2 | loading-2 | 14 | -
        """,
        unidentified="-",
        unreadable="-",
        series="-",
    ),
    Case(
        "Without a listed code, text that names the drug identifies it, in any case of letters",
        "C1",
        "2026-01-20",
        resources="""
            record | medication                            | effective
            a1     | text "Inj. NUSINERSEN 12 mg intrathecal" | 2026-01-01
            a2     | LOCAL 4711 "Spinraza 12mg/5ml amp"    | 2026-01-15
        """,
        doses="""
            a1 | loading-1 | -  | identified-by-text info C1
            a2 | loading-2 | 14 | identified-by-text info C1
        """,
        series="-",
    ),
    Case(
        "A reference that leads nowhere but has the drug's name as its display is of the drug",
        "C1",
        "2026-01-20",
        resources="""
            record | medication                                    | effective
            a1     | reference Medication/gone; display "SPINRAZA" | 2026-01-01
        """,
        doses="""
            a1 | loading-1 | - | identified-by-text info C1
        """,
        unidentified="-",
    ),
    Case(
        "A Medication inside the record, or beside it in the bundle, tells the drug",
        "C1",
        "2026-01-20",
        resources="""
            record | medication               | effective
            a1     | contained: ATC M09AX07   | 2026-01-01
            a2     | in bundle: ATC M09AX07   | 2026-01-15
        """,
        doses="""
            a1 | loading-1 | -  | -
            a2 | loading-2 | 14 | -
        """,
    ),
    Case(
        "A code of a look-alike is another drug, whatever the text says",
        "C1",
        "2026-01-20",
        resources="""
            record | medication                              | effective
            a1     | UNII 2NU6F9601K                         | 2026-01-01
            a2     | UNII MLU3LU3EVV; text "not nusinersen"  | 2026-01-02
            a3     | ATC M09AX09; text "Spinraza"            | 2026-01-03
        """,
        counted="-",
        unreadable="-",
        unidentified="-",
        series="-",
        forecast="""
            status: not-started
        """,
    ),
    Case(
        "Other text, or another code of a system that lists the drug, is another drug",
        "C1",
        "2026-01-20",
        resources="""
            record | medication                | effective
            a1     | text "Paracetamol 500 mg" | 2026-01-01
            a2     | ATC N02BE01               | 2026-01-01
            a3     | LOCAL 815 "Zolgensma"     | 2026-01-01
        """,
        counted="-",
        unreadable="-",
        unidentified="-",
        series="-",
    ),
    Case(
        "The drug's name beside the code of another drug is unreadable: someone has to look",
        "C1 F1",
        "2026-01-20",
        resources="""
            record | medication                   | effective
            a1     | ATC N02BE01; text "Spinraza" | 2026-01-01
        """,
        counted="-",
        unreadable="a1 unreadable-record",
        series="unreadable-record warning C1, history-incomplete warning F1",
    ),
    Case(
        "A Medication whose parts contradict one another is unreadable",
        "C1",
        "2026-01-20",
        resources="""
            record | medication                                       | effective
            a1     | contained: ATC M09AX07; ingredient UNII 2NU6F9601K | 2026-01-01
        """,
        counted="-",
        unreadable="a1 unreadable-record",
    ),
    Case(
        "A record without listed code, text or known system is unidentified, never 'not nusinersen'",
        "C1",
        "2026-01-20",
        resources="""
            record | medication                | effective
            a3     | LOCAL 4711                | 2026-01-01
            a2     | reference Medication/gone | 2026-01-01
        """,
        counted="-",
        unreadable="-",
        unidentified="a2, a3",
        series="unidentified-record info C1",
        forecast="""
            status: not-started
        """,
    ),
)

STATUS = (
    Case(
        "Records entered in error do not exist, even if all else about them is wrong",
        "C2",
        "2026-01-20",
        resources="""
            record | status           | effective  | route           | subject
            a1     | entered-in-error | 2026-01-01 |                 | Patient/p1
            a2     | entered-in-error | -          | SNOMED 47625008 | Patient/p2
        """,
        counted="-",
        not_given="-",
        unreadable="-",
        unidentified="-",
        series="-",
    ),
    Case(
        "Completed doses and doses in progress count",
        "C2",
        "2026-01-20",
        resources="""
            record | status      | effective
            a1     | completed   | 2026-01-01
            a2     | in-progress | 2026-01-15
        """,
        counted="a1, a2",
        doses="""
            a1 | loading-1 | -  | -
            a2 | loading-2 | 14 | -
        """,
    ),
    Case(
        "A dose that was stopped counts, and whether to repeat it is for a clinician",
        "C2",
        "2026-01-20",
        resources="""
            record | status    | effective
            a1     | completed | 2026-01-01
            a2     | stopped   | 2026-01-15
        """,
        doses="""
            a2 | loading-2 | 14 | partial-dose warning C2
        """,
        series="-",
    ),
    Case(
        "Doses not done or on hold are listed as not given, dated or not, and count for nothing",
        "C2",
        "2026-01-20",
        resources="""
            record | status   | effective
            a3     | not-done | -
            a1     | not-done | 2026-01-01
            a2     | on-hold  | 2026-01-15
        """,
        counted="-",
        not_given="a1, a2, a3",
        unreadable="-",
        series="-",
        forecast="""
            status: not-started
        """,
    ),
    Case(
        "A status that is unknown, absent or not of FHIR cannot be read as given or not given",
        "C2",
        "2026-01-20",
        resources="""
            record | status    | effective
            a1     | unknown   | 2026-01-01
            a2     | -         | 2026-01-02
            a3     | fulfilled | 2026-01-03
        """,
        counted="-",
        unreadable="a1 status-unknown, a2 status-unknown, a3 status-unknown",
        series="status-unknown warning C2, history-incomplete warning F1",
    ),
)

DATES_AND_PEOPLE = (
    Case(
        "A dose without a date, or with one that is none, cannot be placed",
        "C3",
        "2026-01-20",
        resources="""
            record | effective
            a1     | -
            a2     | 2026-13-45
        """,
        counted="-",
        unreadable="a1 date-missing, a2 date-missing",
        series="date-missing warning C3, history-incomplete warning F1",
    ),
    Case(
        "A dose dated after the day asked about is not counted: on the day it is, a day before it is not",
        "C3",
        "2026-01-15",
        resources="""
            record | effective
            a1     | 2026-01-01
            a2     | 2026-01-15
            a3     | 2026-01-16
        """,
        counted="a1, a2",
        unreadable="a3 date-in-future",
        series="date-in-future warning C3, history-incomplete warning F1",
    ),
    Case(
        "A month that is wholly to come is in the future, as is a year",
        "C3 D2",
        "2026-01-31",
        resources="""
            record | effective
            a1     | 2026-02
            a2     | 2027
        """,
        unreadable="a1 date-in-future, a2 date-in-future",
    ),
    Case(
        "A record is refused for one reason: patient, drug, status, route, date, in this order",
        "C3 C9 C1 C2 C4 D2",
        "2026-01-31",
        resources="""
            record | medication                   | status    | route           | effective | subject
            a1     | ATC N02BE01; text "Spinraza" | fulfilled | SNOMED 47625008 | -         | Patient/p2
            a2     | ATC N02BE01; text "Spinraza" | fulfilled | SNOMED 47625008 | -         | Patient/p1
            a3     | ATC M09AX07                  | fulfilled | SNOMED 47625008 | -         | Patient/p1
            a4     | ATC M09AX07                  | completed | SNOMED 47625008 | -         | Patient/p1
            a5     | ATC M09AX07                  | completed | SNOMED 72607000 | 2027      | Patient/p1
            a6     | ATC M09AX07                  | completed | SNOMED 72607000 | 2025      | Patient/p1
        """,
        unreadable="a1 wrong-patient, a2 unreadable-record, a3 status-unknown, a4 unexpected-route, a5 date-in-future,"
        " a6 date-unusable",
        series="unexpected-route critical C4, status-unknown warning C2, wrong-patient warning C9,"
        " date-in-future warning C3, date-unusable warning D2, unreadable-record warning C1,"
        " history-incomplete warning F1",
    ),
    Case(
        "A record of another patient is never counted; it makes the history incomplete but takes no schedule away",
        "C9 F1",
        "2026-01-20",
        resources="""
            record | effective  | subject
            a1     | 2026-01-01 | Patient/p1
            a2     | 2026-01-15 | Patient/p2
        """,
        counted="a1",
        unreadable="a2 wrong-patient",
        series="wrong-patient warning C9, history-incomplete warning F1",
        forecast="""
            status: due
            step: loading-2
            recommended: 2026-01-15
            findings: -
        """,
    ),
    Case(
        "A record that does not say whose it is, is not counted, and may be this patient's",
        "C9 F1",
        "2026-01-20",
        resources="""
            record | effective  | subject
            a1     | 2026-01-01 | Patient/p1
            a2     | 2026-01-15 | -
        """,
        counted="a1",
        unreadable="a2 unreadable-record",
        series="unreadable-record warning C9, history-incomplete warning F1",
        forecast="""
            status: decision
            findings: history-incomplete warning F1
        """,
    ),
    Case(
        "Two ids of one patient, where the one replaces the other",
        "C9",
        "2026-01-20",
        resources="""
            record | resource | replaces   | effective  | subject
            p1     | Patient  | Patient/p2 |            |
            a1     |          |            | 2026-01-01 | Patient/p2
            a2     |          |            | 2026-01-15 | Patient/p1
        """,
        counted="a1, a2",
        unreadable="-",
        series="-",
    ),
    Case(
        "With records of another patient only, treatment has not begun",
        "C9 F1",
        "2026-01-20",
        resources="""
            record | effective  | subject
            a2     | 2026-01-15 | Patient/p2
        """,
        counted="-",
        unreadable="a2 wrong-patient",
        forecast="""
            status: not-started
            findings: -
        """,
    ),
)

CHAPTER = Chapter(
    3,
    "Which records count",
    "Each record is of the drug, of another drug, of the drug but unreadable, or unidentified. What cannot be read is"
    " listed with one reason; it never disappears. These cases go through the reading of FHIR.",
    IDENTIFICATION + STATUS + DATES_AND_PEOPLE,
)
