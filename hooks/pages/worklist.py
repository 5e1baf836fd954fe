"""The worklist of the last audit as a page: its lines, who may be missing, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from fastapi import Response

from hooks.console import counted
from hooks.pages.door import Visit
from hooks.pages.listing import Listing, OneList
from hooks.pages.render import page
from hooks.phrases import quantity
from hooks.worklist.audited import About, AuditRead

OLD_DAYS = 7
"""From which age on, in days, an audit is called old."""


def worklist(audit: AuditRead, listed: Listing, *, visit: Visit, lists: Sequence[OneList]) -> Response:
    """The page. `lists` are all worklists of the site."""
    today = visit.desk.today()
    return page(
        "worklist.html.j2",
        400 if listed.faults else 200,
        about=audit.about,
        age=_age(audit.about, today),
        old=abs((today - audit.about.on).days) >= OLD_DAYS,
        today=today,
        site=visit.desk.site.id,
        doubts=tuple(doubts(audit)),
        listed=listed,
        lists=lists,
        nobody="No patient of the audit is in this part of the list",
        read=f"{counted(audit.about.lines, 'line')} in {counted(audit.about.files, 'file')}",
        room=visit.room,
    )


def _age(about: About, today: date) -> str:
    days = (today - about.on).days
    if days == 0:
        return "today"
    return f"{quantity(days)} ago" if days > 0 else f"a day that is still to come, in {quantity(-days)}"


def doubts(audit: AuditRead) -> Iterator[str]:
    """Why patients can be missing from the list, or their dates be wrong; whom the audit was not asked about first."""
    about = audit.about
    yield from _left_out(about)
    if audit.at_work:
        yield "Another audit is at work in the folder, or was interrupted: this list is of the one before it."
    if about.not_read:
        yield f"{counted(about.not_read, 'input')} not read, or not to the end: doses and patients can be missing."
    if about.broken:
        yield f"{counted(about.broken, 'file')} of the input broke off: what lies behind the break is not known."
    if about.rejected:
        yield f"{counted(about.rejected, 'line')} of the input rejected; each can be a dose of anybody."
    if about.only_unidentified:
        yield (
            f"{counted(about.only_unidentified, 'patient')} with records of which nobody can tell whether they are "
            "of the drug: not on this list."
        )
    if not about.plain:
        yield "The audit has hashes in the place of references, so no patient can be opened from here."


def _left_out(about: About) -> Iterator[str]:
    """Whom the audit was not asked about."""
    if about.asked_for is not None:
        yield f"The audit was asked about {counted(about.asked_for, 'patient')} alone: nobody else is on this list."
    if about.group is not None:
        yield f"The audit is of the Group {about.group} alone: nobody else is on this list."
    if about.sample is not None:
        yield f"The audit is of a sample of {counted(about.sample, 'patient')}: nobody else is on this list."
