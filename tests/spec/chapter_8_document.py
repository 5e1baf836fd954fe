"""Section 8: the assessment as JSON, to the letter."""

from __future__ import annotations

from tests.spec.case import Case, Chapter

CHAPTER = Chapter(
    8,
    "The assessment as JSON",
    "One object a patient. Keys stand in this order; lists are always there; a scalar without a value is absent. The"
    " version and the digest of the regimen file are those of the file, shown here as dots. A finding may carry more"
    " keys after the three that are shown.",
    (
        Case(
            "A new patient: lists are empty, dates without a value are absent",
            "8",
            "2026-01-01",
            document="""
                {
                  "patient": "Patient/p1",
                  "on": "2026-01-01",
                  "regimens": [{"id": "eu-12mg", "version": "...", "digest": "..."}],
                  "evaluations": [],
                  "not_given": [],
                  "unreadable": [],
                  "unidentified": [],
                  "forecast": {
                    "status": "not-started",
                    "step": "loading-1",
                    "plan": [
                      {"step": "loading-1", "date": "2026-01-01"},
                      {"step": "loading-2", "date": "2026-01-15"},
                      {"step": "loading-3", "date": "2026-01-29"},
                      {"step": "loading-4", "date": "2026-03-05"}
                    ],
                    "options": [],
                    "findings": []
                  },
                  "findings": [],
                  "proposed": []
                }
            """,
        ),
        Case(
            "Two doses, two records that say no dose was given, and two orders of which one is too early",
            "8",
            "2026-01-20",
            history="""
                a2 | 2026-01-15 |       |
                b1 | 2026-01-01 | 12 mg |
                a1 | 2026-01-01 | 12 mg |
                n2 | 2026-01-12 |       | not given
                n1 | 2026-01-10 |       | not given
                x1 | -          |       | unidentified
            """,
            proposals="""
                m2 | 2026-03-05
                m1 | 2026-01-28
            """,
            document="""
                {
                  "patient": "Patient/p1",
                  "on": "2026-01-20",
                  "regimens": [{"id": "eu-12mg", "version": "...", "digest": "..."}],
                  "evaluations": [
                    {
                      "administrations": ["MedicationAdministration/a1", "MedicationAdministration/b1"],
                      "earliest": "2026-01-01",
                      "latest": "2026-01-01",
                      "regimen": "eu-12mg",
                      "step": "loading-1",
                      "findings": [{"code": "duplicate-record", "severity": "info", "rule": "C6"}]
                    },
                    {
                      "administrations": ["MedicationAdministration/a2"],
                      "earliest": "2026-01-15",
                      "latest": "2026-01-15",
                      "regimen": "eu-12mg",
                      "step": "loading-2",
                      "interval_days": 14,
                      "findings": []
                    }
                  ],
                  "not_given": ["MedicationAdministration/n1", "MedicationAdministration/n2"],
                  "unreadable": [],
                  "unidentified": ["MedicationAdministration/x1"],
                  "forecast": {
                    "status": "upcoming",
                    "step": "loading-3",
                    "earliest": "2026-01-29",
                    "recommended": "2026-01-29",
                    "overdue_from": "2026-02-06",
                    "plan": [
                      {"step": "loading-3", "date": "2026-01-29"},
                      {"step": "loading-4", "date": "2026-03-05"},
                      {"step": "maintenance", "date": "2026-07-05"},
                      {"step": "maintenance", "date": "2026-11-05"}
                    ],
                    "options": [],
                    "findings": []
                  },
                  "findings": [{"code": "unidentified-record", "severity": "info", "rule": "C1"}],
                  "proposed": [
                    {
                      "reference": "MedicationRequest/m1",
                      "date": "2026-01-28",
                      "step": "loading-3",
                      "interval_days": 13,
                      "findings": [{"code": "interval-too-short", "severity": "critical", "rule": "W2"}],
                      "suggested": "2026-01-29"
                    },
                    {
                      "reference": "MedicationRequest/m2",
                      "date": "2026-03-05",
                      "step": "loading-4",
                      "interval_days": 36,
                      "findings": []
                    }
                  ]
                }
            """,
        ),
        Case(
            "A decision with options, a record that could not be read, and an order that would restart loading",
            "8",
            "2025-05-01",
            history="""
                a1 | 2025-01-15
                u1 | 2024-12 | | unreadable: status-unknown
            """,
            proposals="m1 | 2028-05-15",
            document="""
                {
                  "patient": "Patient/p1",
                  "on": "2025-05-01",
                  "regimens": [{"id": "eu-12mg", "version": "...", "digest": "..."}],
                  "evaluations": [
                    {
                      "administrations": ["MedicationAdministration/a1"],
                      "earliest": "2025-01-15",
                      "latest": "2025-01-15",
                      "regimen": "eu-12mg",
                      "step": "loading-1",
                      "findings": []
                    }
                  ],
                  "not_given": [],
                  "unreadable": [{"reference": "MedicationAdministration/u1", "reason": "status-unknown"}],
                  "unidentified": [],
                  "forecast": {
                    "status": "decision",
                    "step": "loading-2",
                    "earliest": "2025-01-29",
                    "plan": [],
                    "options": ["2025-01-29", "2025-05-15"],
                    "findings": [
                      {"code": "overdue", "severity": "warning", "rule": "F7"},
                      {"code": "loading-not-documented", "severity": "warning", "rule": "F2"}
                    ]
                  },
                  "findings": [
                    {"code": "status-unknown", "severity": "warning", "rule": "C2"},
                    {"code": "history-incomplete", "severity": "warning", "rule": "F1"}
                  ],
                  "proposed": [
                    {
                      "reference": "MedicationRequest/m1",
                      "date": "2028-05-15",
                      "step": "loading-1",
                      "interval_days": 1216,
                      "findings": [
                        {"code": "late", "severity": "warning", "rule": "W7"},
                        {"code": "restart-required", "severity": "warning", "rule": "P7"},
                        {"code": "loading-not-documented", "severity": "warning", "rule": "W4"}
                      ],
                      "plan": [
                        {"step": "loading-1", "date": "2028-05-15"},
                        {"step": "loading-2", "date": "2028-05-29"},
                        {"step": "loading-3", "date": "2028-06-12"},
                        {"step": "loading-4", "date": "2028-07-17"}
                      ]
                    }
                  ]
                }
            """,
        ),
    ),
)
