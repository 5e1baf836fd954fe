"""The timeline of one patient as a page: what was read, judged and drawn, or why it could not be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import NamedTuple

from fastapi import Response

from cds.dosing.windows import next_window
from hooks.desk import Desk
from hooks.pages.chart import draw
from hooks.pages.doses import doses
from hooks.pages.render import page
from hooks.pages.story import tell
from hooks.pages.view import NotSeenError, Question, look


class Place(NamedTuple):
    """How the page is reached: its own path, what the form has to send beside the date, and the page to go back to; for
    who is signed in, where to sign in again and where to sign out. `others` are the other drugs of the site, with their
    pages."""

    path: str
    fields: tuple[tuple[str, str], ...] = ()
    back: tuple[str, str] | None = None
    again: str = ""
    sign_out: str = ""
    others: tuple[tuple[str, str], ...] = ()


async def timeline(question: Question, tried: str, desk: Desk, who: str, place: Place) -> Response:
    """The page. `tried` is the date as it was written into the form; `who` names the patient as people do."""
    on = desk.clock().astimezone(desk.zone).date()
    day, fault = _read(tried, on)
    try:
        view = await look(replace(question, what_if=day), desk)
    except NotSeenError as error:
        return not_seen(str(error), who, place)
    listed = doses(view, desk.regimens)
    after = next_window(view.assessment.forecast, view.assessment.regimen)
    return page(
        "timeline.html.j2",
        400 if fault else 200,
        view=view,
        who=who,
        place=place,
        story=tell(view),
        doses=listed,
        charts=draw(view, listed, after),
        after=after,
        tried=tried,
        fault=fault,
        zone=desk.site.time_zone,
        other_drugs=[each.regimens.drug.title for each in desk.others],
    )


def not_seen(why: str, who: str, place: Place, status: int = 502) -> Response:
    """The page that says that there is nothing to show, and why: an empty timeline would look like no doses."""
    return page("not_seen.html.j2", status, why=why, who=who, place=place)


def _read(tried: str, on: date) -> tuple[date | None, str]:
    """The date that was tried, or what is wrong with it."""
    written = tried.strip()
    if not written:
        return None, ""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None, "This is no date. Write it as year-month-day, such as 2026-05-01."
    if day < on:
        return None, f"{day} lies before today, {on}. Choose today or a later day: a dose can only be planned ahead."
    return day, ""
