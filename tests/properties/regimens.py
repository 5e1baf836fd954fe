"""The regimens that histories are judged by: all shipped ones, other tolerances, and one of another shape."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from cds.dosing.calendar import Period
from cds.dosing.regimen import LoadingStep, Tolerance
from cds.regimens.library import load

if TYPE_CHECKING:
    from cds.dosing.regimen import Regimen

SHIPPED: tuple[Regimen, ...] = tuple(load().regimens.values())
EU = load().get("eu-12mg")

STRICT = replace(EU, id="strict").with_tolerance(loading=0, maintenance=0)
GENEROUS = replace(EU, id="generous").with_tolerance(loading=13, maintenance=90)
RESUME_STRICT = replace(STRICT, id="resume-strict", catch_up=None)
IN_DAYS = replace(
    EU,
    id="in-days",
    loading=(
        LoadingStep(Decimal(100), None),
        LoadingStep(Decimal(100), Period(days=14)),
        LoadingStep(Decimal(100), Period(days=14)),
    ),
    maintenance_amount=Decimal(100),
    maintenance_interval=Period(days=28),
    catch_up=None,
    undocumented_loading=None,
    tolerance=Tolerance(loading=3, maintenance=7),
)
"""Three loading doses, then one every 28 days, resumed after a delay; loading elsewhere is never suspected."""

ALL: tuple[Regimen, ...] = (*SHIPPED, STRICT, GENEROUS, RESUME_STRICT, IN_DAYS)
