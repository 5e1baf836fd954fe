"""How people sign in at a site: its EHR as a SMART server, and who may see more than one patient."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from hooks.listed import Words

_OF_DRUG = ("MedicationAdministration", "Medication", "MedicationStatement", "MedicationRequest")
_BESIDE = ("Patient", "Appointment", "Observation")


class Role(StrEnum):
    """What a person may see beside the one patient of a launch."""

    WORKLIST = "worklist"
    FEEDBACK = "feedback"


class LaunchFields(BaseModel):
    """The settings of SMART launches at one site. Without a client id there are no pages for people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    launch_client_id: str | None = Field(
        None,
        min_length=1,
        description="Client id of this service at the site's EHR, for SMART launches of its pages; none: no pages. "
        "Needs the extra [launch]",
    )
    launch_secret_file: Path | None = Field(
        None, description="File with the client secret; without it and without a key file, a public client"
    )
    launch_key_file: Path | None = Field(
        None, description="File with the private key of the client, in place of a secret (private_key_jwt)"
    )
    launch_scopes: Words = Field(
        ("launch", "openid", "fhirUser", *[f"patient/{name}.rs" for name in (*_OF_DRUG, *_BESIDE)]),
        description="Scopes that are asked for to show one patient. `launch` becomes `launch/patient` where nobody has "
        "chosen the patient yet",
    )
    launch_user_scopes: Words = Field(
        ("openid", "fhirUser", *[f"user/{name}.rs" for name in (*_OF_DRUG, *_BESIDE)]),
        description="Scopes that are asked for to show the worklist and other pages of several patients",
    )
    launch_roles: dict[Role, tuple[str, ...]] = Field(
        {},
        description='Who may see which page of several patients, in JSON: {"worklist": ["Practitioner/7", "nurse"], '
        '"feedback": [...]}, by `fhirUser` or by a value of launch_role_claim',
    )
    launch_role_claim: str | None = Field(
        None, min_length=1, description="Claim of the id_token that holds roles or groups of the user; none: no such"
    )
    launch_minutes: int = Field(
        30, ge=1, le=720, description="Minutes after which people have to be signed in again by the EHR"
    )
