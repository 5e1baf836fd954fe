"""Each look at a page is kept in the journal, with user and patient as keyed hashes."""

from __future__ import annotations

from hooks.launch.session import Session
from hooks.memory import Memory
from hooks.operations.call import current


async def note(memory: Memory, session: Session, page: str, outcome: str) -> None:
    """Note that the user of a session saw, or did not see, a page. What cannot be kept is in the log and counted as
    lost, and the page is shown: the doses of a patient are not for an audit trail to withhold."""
    await memory.note_view(
        page,
        outcome=outcome,
        site=session.site,
        user=session.user.id,
        incident=current().incident,
        patient=session.patient or None,
    )
