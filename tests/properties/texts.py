"""Made-up choices of a site: the texts in force by date (W12), and the regimens that are allowed at once (W11)."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from cds.dosing.in_force import InForce
from cds.dosing.regimen import Regimen
from tests.properties import regimens


@st.composite
def later_texts(draw: st.DrawFn, regimen: Regimen, days: list[date]) -> tuple[InForce, ...]:
    """At times one or two other texts, from a day around a dose or the day asked about on."""
    count = draw(st.sampled_from([0, 0, 0, 1, 2]))
    around = [draw(st.sampled_from(days)) + timedelta(draw(st.sampled_from([0, 1, -1, 30]))) for _ in range(count)]
    texts = []
    for day in sorted(set(around)):
        first = draw(st.sampled_from(of_the_drug(regimen)))
        texts.append(InForce(day, (first, *draw(others_allowed(first)))))
    return tuple(texts)


@st.composite
def others_allowed(draw: st.DrawFn, regimen: Regimen) -> tuple[Regimen, ...]:
    """At times one or two other regimens that are allowed at once."""
    others = [each for each in of_the_drug(regimen) if each.id != regimen.id]
    most = draw(st.sampled_from([0, 0, 0, 1, 1, 2])) if others else 0
    return tuple(draw(st.lists(st.sampled_from(others), max_size=most, unique_by=lambda each: each.id))) if most else ()


def of_the_drug(regimen: Regimen) -> list[Regimen]:
    return [each for each in regimens.ALL if each.drug.id == regimen.drug.id]
