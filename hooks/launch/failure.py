"""Why nobody was signed in, in words for whoever stands before the page; none of them tells of a patient."""

from __future__ import annotations

AGAIN_FROM_EHR = "Open the page again from the patient's chart in the EHR."
AGAIN = "Begin again: open the page from the patient's chart in the EHR, or sign in here."
ADMINISTRATOR = "Show this page to the administrator of the EHR or of this service."


class LaunchError(Exception):
    """A sign-in that ends here: what is wrong, and what to do about it. `why` is a word for the log and for tests."""

    def __init__(self, why: str, what: str, advice: str, status: int = 400) -> None:
        super().__init__(what)
        self.why, self.what, self.advice, self.status = why, what, advice, status
