"""The requests that are measured: a too-early order with 20 doses, an order that is not ours, 20 other records."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import orjson

DOSES = 20
ORDER_ID = "order-bench"


def administration(index: int, day: date, medication: dict[str, Any]) -> dict[str, Any]:
    """A MedicationAdministration as an EHR sends it, about 1.3 kB."""
    return {
        "resourceType": "MedicationAdministration",
        "id": f"administration-{index:04d}",
        "meta": {
            "versionId": "1",
            "lastUpdated": f"{day}T14:02:11.000+02:00",
            "profile": ["http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-medicationadministration"],
        },
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml">Administration in the day ward, lumbar puncture L3/L4, '
            "atraumatic needle 22G, five millilitres of cerebrospinal fluid drawn before</div>",
        },
        "status": "completed",
        "medicationCodeableConcept": medication,
        "subject": {"reference": "Patient/bench", "display": "A patient"},
        "context": {"reference": f"Encounter/encounter-{index:04d}"},
        "effectivePeriod": {"start": f"{day}T13:30:00+02:00", "end": f"{day}T13:33:00+02:00"},
        "performer": [{"actor": {"reference": "Practitioner/p-17", "display": "Day ward"}}],
        "request": {"reference": f"MedicationRequest/request-{index:04d}"},
        "dosage": {
            "text": "12 mg intrathecal bolus over 1 to 3 minutes",
            "route": {
                "coding": [{"system": "http://snomed.info/sct", "code": "72607000", "display": "Intrathecal route"}]
            },
            "dose": {"value": 12, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
        },
    }


NUSINERSEN = {
    "coding": [
        {"system": "http://www.whocc.no/atc", "code": "M09AX07", "display": "nusinersen"},
        {"system": "http://hl7.org/fhir/sid/ndc", "code": "64406-058-01", "display": "Spinraza 12 mg/5 mL"},
    ],
    "text": "nusinersen 12 mg/5 mL solution for injection",
}
OTHER = {
    "coding": [{"system": "http://www.whocc.no/atc", "code": "N02BE01", "display": "paracetamol"}],
    "text": "paracetamol 1 g tablet",
}


def dose_days() -> list[date]:
    """Twenty dates on schedule, the last a few days before the day of the call."""
    days = [date(2020, 10, 1)]
    days += [days[0] + timedelta(ahead) for ahead in (14, 28, 63)]
    while len(days) < DOSES:
        last = days[3]
        months = last.month - 1 + 4 * (len(days) - 3)
        days.append(date(last.year + months // 12, months % 12 + 1, last.day))
    return days


def order_sign(order_medication: dict[str, Any], history_medication: dict[str, Any], on: date) -> bytes:
    """An order-sign request with a history of 20 records in prefetch."""
    days = dose_days()
    entries = [
        {
            "fullUrl": f"https://ehr.example.invalid/fhir/MedicationAdministration/administration-{index:04d}",
            "resource": administration(index, day, history_medication),
            "search": {"mode": "match"},
        }
        for index, day in enumerate(reversed(days))
    ]
    order = {
        "resourceType": "MedicationRequest",
        "id": ORDER_ID,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": order_medication,
        "subject": {"reference": "Patient/bench"},
        "authoredOn": f"{on}T09:00:00+02:00",
        "dosageInstruction": [
            {
                "timing": {"event": [f"{on + timedelta(2)}T10:00:00+02:00"]},
                "route": {"coding": [{"system": "http://snomed.info/sct", "code": "72607000"}]},
                "doseAndRate": [{"doseQuantity": {"value": 12, "unit": "mg", "code": "mg"}}],
            }
        ],
    }
    return orjson.dumps(
        {
            "hook": "order-sign",
            "hookInstance": "0a2f8f8e-2a1c-4f0e-9d0f-3c1c4d6b7e21",
            "context": {
                "userId": "Practitioner/p-17",
                "patientId": "bench",
                "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": order}]},
            },
            "prefetch": {
                "orders": {"resourceType": "Bundle", "type": "searchset", "total": 0},
                "statements": {"resourceType": "Bundle", "type": "searchset", "total": 0},
                "patient": {"resourceType": "Patient", "id": "bench"},
                "administrations": {
                    "resourceType": "Bundle",
                    "type": "searchset",
                    "total": len(entries),
                    "entry": entries,
                },
            },
        }
    )


def call_day() -> date:
    """Nine days after the last dose, so that the order two days later is too early."""
    return dose_days()[-1] + timedelta(9)
