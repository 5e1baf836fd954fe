"""Each check finds what it is there to find, and says it without a word of a patient."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from cds.fhir.addresses import Networks
from cds.fhir.links import Base
from hooks.doctor.access import guarded
from hooks.doctor.checks import CHECKS, Check, Outcome
from hooks.doctor.patient import check_time
from hooks.doctor.reach import check_address
from hooks.sandbox.running import address, listen
from tests.cli.files import Result, run
from tests.doctor.server import ATC, CLIENT, KEY, PATIENT, TOKEN, Json, Server, coded, record, served, statement

SECRETS = ("marked", "Marked", TOKEN, KEY.private_jwk["d"], "Bearer")
LOCAL = {"system": "urn:oid:1.2.3.4", "code": "77-1"}
UTC_MIDNIGHT = [record(number, f"20{10 + number}-05-01T00:00:00Z") for number in range(6)]


class Examined:
    """What the doctor says of a server, by check."""

    def __init__(self, ended: Result) -> None:
        self.ended = ended
        assert not [word for word in SECRETS if word in ended.stdout + ended.stderr]
        self.document: Json = json.loads(ended.stdout)
        self.checks: dict[str, Json] = {check["id"]: check for check in self.document["checks"]}

    def outcome(self, name: str) -> str:
        return str(self.checks[name]["outcome"])

    @property
    def not_ok(self) -> dict[str, str]:
        return {name: check["outcome"] for name, check in self.checks.items() if check["outcome"] != "ok"}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("doctor") / "key.json"
    path.write_text(json.dumps(KEY.private_jwk), "utf-8")
    path.chmod(0o600)
    return path


def examine(
    base: str, key: Path | None, *options: str, patient: str | None = PATIENT, zone: str | None = "America/New_York",
    env: Mapping[str, str] | None = None, form: str = "json",
) -> Result:  # fmt: skip
    arguments: list[str | Path] = ["doctor", base, "--format", form, *options]
    arguments += ["--patient", patient] if patient else []
    arguments += ["--time-zone", zone] if zone else []
    arguments += ["--client-id", CLIENT, "--key", key] if key else []
    return run(*arguments, env=env)


def test_a_server_without_fault_passes_every_check(key: Path) -> None:
    with served(Server()) as base:
        found = Examined(examine(base, key))
    assert found.not_ok == {}
    assert list(found.checks) == list(CHECKS)
    assert found.ended.exit_code == 0
    assert found.document["base_url"] == base
    assert found.ended.stderr == f"{base}: {len(CHECKS)} ok\n"


def twice(kind: str, query: Json, bundle: Json) -> Json:
    """Repeats the last record of a page at the start of the next, as paging by offset does."""
    if kind == "MedicationAdministration" and int(query.get("_offset", 0)) and query.get("_count") == "2":
        again = sorted((record(number) for number in range(6)), key=lambda each: str(each["id"]), reverse=True)
        bundle["entry"].insert(0, {"resource": again[int(query["_offset"]) - 1], "search": {"mode": "match"}})
    return bundle


def opaque(_kind: str, _query: Json, bundle: Json) -> Json:
    """Next links that do not name the type of the search, as HAPI's."""
    for link in bundle["link"]:
        link["url"] = link["url"].replace("/MedicationAdministration?", "/pages?")
    return bundle


def elsewhere(_kind: str, _query: Json, bundle: Json) -> Json:
    for link in bundle["link"]:
        link["url"] = link["url"].replace("127.0.0.1", "internal-host.example.invalid")
    return bundle


def shortened(_kind: str, query: Json, bundle: Json) -> Json:
    """Small pages end early, and nobody is told."""
    return {**bundle, "total": None, "link": []} if query.get("_count") == "2" else bundle


def with_another(kind: str, _query: Json, bundle: Json) -> Json:
    if kind == "MedicationAdministration" and bundle["entry"]:
        stranger = record(9, subject={"reference": "Patient/marked-stranger"})
        bundle["entry"].append({"resource": stranger, "search": {"mode": "match"}})
    return bundle


def oldest_first(_kind: str, _query: Json, bundle: Json) -> Json:
    bundle["entry"].reverse()
    return bundle


def lossy(kind: str, _query: Json, bundle: Json) -> Json:
    if kind == "MedicationAdministration":
        issue = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "suppressed"}]}
        bundle["entry"].append({"resource": issue, "search": {"mode": "outcome"}})
    return bundle


def signed(*algorithms: str) -> Json:
    return {"token_endpoint_auth_signing_alg_values_supported": list(algorithms)}


VARIANTS: list[tuple[str, Server, str, str]] = [
    ("clock", Server(date=timedelta(seconds=20)), "warning", "seconds ahead of ours"),
    ("clock", Server(date=timedelta(hours=-1)), "failed", "seconds behind ours"),
    ("clock", Server(date=None), "not possible", "carry no Date"),
    ("metadata", Server(metadata=None), "failed", "/metadata was answered with status 404"),
    ("metadata", Server(metadata={"resourceType": "Patient"}), "failed", "is no CapabilityStatement"),
    ("version", Server(metadata=statement("3.0.2")), "failed", "FHIR STU3 (3.0.2), which cannot be read"),
    ("version", Server(metadata={**statement("1.0.2"), "resourceType": "Conformance"}), "failed", "FHIR DSTU2 (1.0.2)"),
    ("version", Server(metadata=statement("6.0.0")), "failed", "not known here (6.0.0)"),
    ("version", Server(metadata=statement("")), "warning", "does not say which version"),
    ("resource-types", Server(metadata=statement(without=("MedicationAdministration",))), "failed", "where the doses"),
    ("resource-types", Server(metadata=statement(without=("Medication",))), "warning", "does not declare Medication."),
    ("search-parameters", Server(metadata=statement(without=("patient",))), "warning", "MedicationAdministration?pat"),
    ("smart-configuration", Server(smart=None), "failed", "names a token endpoint"),
    ("smart-configuration", Server(smart={"token_endpoint": "http://x.invalid/t"}), "failed", "is no https URL"),
    ("smart-configuration", Server(smart=signed("RS384")), "warning", "does not list ES384"),
    ("token", Server(refusal="unauthorized_client"), "failed", "unauthorized_client"),
    ("token", Server(grant={"expires_in": 20}), "warning", "for 20 seconds only"),
    ("scopes", Server(grant={"scope": "system/Medication.rs system/Patient.read"}), "failed", "Administration; asked"),
    ("scopes", Server(grant={"scope": "system/MedicationAdministration.rs"}), "warning", "Medication, Patient;"),
    ("scopes", Server(grant={"scope": "system/*.rs?status=x"}), "failed", "may not read and search"),
    ("guarded", Server(open_=True), "ok", "answers without a token, on this machine"),
    ("wrong-token", Server(any_token=True), "failed", "takes a made-up token for a good one"),
    ("wrong-token", Server(wrong=500), "warning", "status 500 instead of 401"),
    ("unknown-patient", Server(ignores=frozenset({"patient"})), "failed", "6 records of a patient that cannot exist"),
    ("unknown-patient", Server(spoil=lossy), "warning", "is not whole"),
    ("medication-search", Server(refuses=frozenset({"_id"})), "warning", "(status 400)"),
    ("medication-search", Server(ignores=frozenset({"_id"})), "warning", "does not heed `_id`"),
    ("medication-read", Server(missing=500), "failed", "The read of a Medication"),
    ("history", Server(refuses=frozenset({"_include"})), "warning", "refused the first query (status 400)"),
    ("history", Server(post_only=True), "warning", "the server wants searches by POST"),
    ("history", Server(records=[]), "warning", "The history is empty"),
    ("history", Server(spoil=lossy), "failed", "The history is not whole (6 administrations on 1 page)"),
    ("own-patient", Server(spoil=with_another), "failed", "1 record came of other patients"),
    ("include", Server(ignores=frozenset({"_include"})), "warning", "though 6 references of them lead to one"),
    ("include", Server(records=[coded(1, ATC)]), "not possible", "refers to a Medication"),
    ("sort", Server(spoil=oldest_first), "warning", "does not sort by date"),
    ("page-size", Server(ignores=frozenset({"_count"})), "warning", "2 records were asked for, and one of 6 came"),
    ("paging", Server(spoil=twice), "warning", "2 records came on more than one page"),
    ("paging", Server(spoil=opaque), "ok", "3 small pages give the same records as large ones, each once"),
    ("paging", Server(spoil=elsewhere), "failed", "a next link leads away from"),
    ("paging", Server(spoil=shortened), "failed", "4 records are missing with small pages"),
    ("paging", Server(records=[record(1)]), "not possible", "fewer than two records"),
    ("references", Server(medications={}), "warning", "6 of 6 references lead to no Medication: 6 relative"),
    ("references", Server(records=[record(1, medicationReference={"reference": "https://x.invalid/r4/Medication/1"})]),
     "warning", "1 on another server"),
    ("identification", Server(records=[record(1), coded(2, LOCAL), coded(3, LOCAL), coded(4)]), "warning",
     "are of nusinersen (Spinraza); of 3 nobody can say, by code system: 2 urn:oid:1.2.3.4, 1 no code at all"),
    ("identification", Server(records=[coded(1, {"system": "Marked Name", "code": "x"})]), "warning",
     "1 a system that is no URI"),
    ("code-filter", Server(records=[record(1), coded(2, LOCAL, text="Spinraza")]), "warning",
     "finds 1 of 2 records, and 1 of the 2 that are of the drug or may be: 1 record would be missed"),
    ("code-filter", Server(refuses=frozenset({"code"})), "warning", "does not answer the search by code"),
    ("dates", Server(records=UTC_MIDNIGHT), "failed", "are midnight of UTC; in America/New_York 6 of them"),
    ("dates", Server(records=[*UTC_MIDNIGHT[:1], *(record(n) for n in range(1, 6))]), "warning", "1 of 6 dates are"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "server", "outcome", "words"), VARIANTS, ids=lambda each: each if isinstance(each, str) else ""
)
def test_a_server_that_does_one_thing_wrong(name: str, server: Server, outcome: str, words: str, key: Path) -> None:
    with served(server) as base:
        found = Examined(examine(base, key))
    assert (found.outcome(name), words in found.checks[name]["text"]) == (outcome, True), found.checks[name]
    assert found.checks[name]["advice"] or outcome not in ("warning", "failed")
    worst = {3: "failed", 1: "warning", 0: "ok"}[found.ended.exit_code]
    assert worst in {*found.not_ok.values(), "ok"}
    assert (worst == "failed") == ("failed" in found.not_ok.values())


def test_every_check_has_a_server_that_it_finds_fault_with() -> None:
    elsewhere_in_this_file = {"address", "reachable", "time", "guarded"}
    found = {name for name, _, outcome, _ in VARIANTS if outcome in ("warning", "failed")}
    assert found | elsewhere_in_this_file == CHECKS.keys()


def test_a_server_that_is_not_there() -> None:
    with listen(0, "none") as listener:
        base = f"{address(listener)}/fhir"
    found = Examined(examine(base, None))
    assert found.outcome("reachable") == "failed"
    assert "cannot be reached or broke off" in found.checks["reachable"]["text"]
    assert found.not_ok.keys() == CHECKS.keys() - {"address"}
    assert found.ended.exit_code == 3


def test_plain_http_over_a_network() -> None:
    found = Examined(examine("http://ehr.example.invalid/fhir", None))
    assert (found.outcome("address"), found.outcome("reachable"), found.ended.exit_code) == ("failed", "failed", 3)
    assert "whoever is on the way reads tokens" in found.checks["address"]["text"]


@pytest.mark.parametrize(
    ("url", "networks", "addresses", "outcome"),
    [
        ("https://ehr.example.invalid/fhir", (), ["93.184.215.14"], Outcome.OK),
        ("https://ehr.example.invalid/fhir", (), ["10.20.1.7"], Outcome.WARNING),
        ("https://ehr.example.invalid/fhir", (), ["93.184.215.14", "fd00::7"], Outcome.WARNING),
        ("https://ehr.example.invalid/fhir", ("10.20.0.0/16",), ["10.20.1.7"], Outcome.OK),
        ("https://10.20.1.7/fhir", (), ["10.20.1.7"], Outcome.OK),
        ("https://ehr.example.invalid/fhir", (), [], Outcome.OK),
        ("http://localhost:8001/fhir", (), ["127.0.0.1"], Outcome.OK),
        ("http://10.20.1.7/fhir", ("10.0.0.0/8",), ["10.20.1.7"], Outcome.FAILED),
    ],
)
def test_an_address_that_the_service_would_refuse(
    url: str, networks: tuple[str, ...], addresses: list[str], outcome: Outcome
) -> None:
    made = check_address(Base(url), Networks(networks), addresses)
    assert made.outcome is outcome
    assert ("NUSINERSEN_CDS_FHIR_NETWORKS" in made.advice) == (outcome is Outcome.WARNING)


def test_a_certificate_that_nobody_knows(tmp_path: Path) -> None:
    with served(Server(), certificate(tmp_path / "server.pem")) as base:
        found = Examined(examine(base, None))
    assert found.outcome("address") == "ok"
    assert found.outcome("reachable") == "failed"
    assert "is not trusted (self-signed certificate)" in found.checks["reachable"]["text"]


def certificate(path: Path) -> Path:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(private, SHA256())
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(pem + made.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize(("seconds", "outcome"), [(0.5, Outcome.OK), (2.1, Outcome.WARNING), (4.1, Outcome.FAILED)])
def test_the_time_of_a_reading_against_that_of_a_hook(seconds: float, outcome: Outcome) -> None:
    assert check_time(seconds, 4.0).outcome is outcome


def test_a_server_that_is_open_to_the_network_is_told() -> None:
    assert guarded(200, on_this_machine=False).outcome is Outcome.WARNING
    assert guarded(302, on_this_machine=False).outcome is Outcome.WARNING
    assert guarded(503, on_this_machine=False).outcome is Outcome.NOT_POSSIBLE


def test_a_guarded_server_without_credentials_says_what_to_give() -> None:
    with served(Server()) as base:
        found = Examined(examine(base, None))
    assert found.outcome("guarded") == "ok"
    assert found.checks["history"] == {
        "id": "history",
        "checks": CHECKS["history"],
        "outcome": "not possible",
        "text": "The server gives nothing without a token (status 401), and none was given.",
        "advice": "Make a key with `nusinersen-cds keys`, have its key set registered, and give --client-id and --key.",
    }


@pytest.mark.parametrize(
    ("token", "outcome", "history"), [(TOKEN, "ok", "ok"), ("an-expired-token", "failed", "not possible")]
)
def test_a_token_that_is_given(token: str, outcome: str, history: str) -> None:
    with served(Server()) as base:
        found = Examined(examine(base, None, env={"NUSINERSEN_CDS_FHIR_TOKEN": token}))
    assert (found.outcome("token"), found.outcome("history")) == (outcome, history)
    assert found.outcome("scopes") == "not possible"


def test_what_is_no_token_is_bad_usage() -> None:
    ended = examine("https://ehr.example.invalid/fhir", None, env={"NUSINERSEN_CDS_FHIR_TOKEN": "two words"})
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "is no bearer token; get a new one (NUSINERSEN_CDS_FHIR_TOKEN)" in ended.stderr


def test_an_open_server_without_credentials_is_examined() -> None:
    with served(Server(open_=True, smart=None)) as base:
        found = Examined(examine(base, None))
    assert found.not_ok == dict.fromkeys(("smart-configuration", "token", "scopes", "wrong-token"), "not possible")
    assert found.ended.exit_code == 0


def test_without_a_patient_no_history_is_read(key: Path) -> None:
    with served(Server()) as base:
        found = Examined(examine(base, key, patient=None))
    assert set(found.not_ok.values()) == {"not possible"}
    assert found.not_ok.keys() == set(list(CHECKS)[list(CHECKS).index("history") :])
    assert found.checks["dates"]["advice"] == "Name a patient who has had nusinersen with --patient."


@pytest.mark.parametrize(
    ("zone", "outcome"), [("Europe/Stockholm", "ok"), ("America/New_York", "failed"), (None, "warning")]
)
def test_midnight_of_utc_is_the_day_before_west_of_greenwich_only(zone: str | None, outcome: str, key: Path) -> None:
    with served(Server(records=UTC_MIDNIGHT)) as base:
        found = Examined(examine(base, key, zone=zone))
    assert found.outcome("dates") == outcome


def test_a_filter_that_would_lose_doses_fails_where_it_is_on(key: Path) -> None:
    with served(Server(records=[record(1), coded(2, LOCAL, text="Spinraza")])) as base:
        found = Examined(examine(base, key, env={"NUSINERSEN_CDS_FILTER_BY_CODE": "true"}))
    assert (found.outcome("code-filter"), found.checks["code-filter"]["advice"]) == ("failed", "Turn it off.")


def test_a_server_that_wants_post_passes_where_that_is_set(key: Path) -> None:
    with served(Server(post_only=True)) as base:
        found = Examined(examine(base, key, env={"NUSINERSEN_CDS_SEARCH_BY_POST": "true"}))
    assert found.not_ok == {}


def test_the_table_tells_the_same(key: Path) -> None:
    with served(Server(ignores=frozenset({"_count"}))) as base:
        ended = examine(base, key, form="text")
    assert ended.exit_code == 1
    assert not [word for word in SECRETS if word in ended.stdout + ended.stderr]
    assert [line.split()[0] for line in ended.stdout.splitlines()[2:] if line[:1].strip()] == list(CHECKS)
    assert "page-size             warning" in ended.stdout
    assert "-> Nothing, as long as pages stay small" in ended.stdout
    assert ended.stderr == f"{base}: {len(CHECKS) - 2} ok, 1 warning, 1 not possible\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ehr.example.invalid/fhir"], "is not an http or https URL"),
        (["https://user:marked@ehr.example.invalid/fhir"], "is not an http or https URL"),
        (["https://ehr.example.invalid", "--format", "xml"], "--format: 'xml' is no format; write one of: text, json"),
        (["https://ehr.example.invalid", "--regimen", "none"], "--regimen: "),
        (["https://ehr.example.invalid", "--patient", "a/b"], "names no patient"),
        (["https://ehr.example.invalid", "--time-zone", "CEST?"], "--time-zone: no such time zone"),
    ],
)
def test_bad_usage(arguments: list[str], says: str) -> None:
    ended = run("doctor", *arguments)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert says in ended.stderr
    assert "marked" not in ended.stderr


def test_a_check_that_is_not_on_the_list_cannot_be_made() -> None:
    made: Any = Check
    with pytest.raises(ValueError, match="'nonsense' is no check"):
        made("nonsense", Outcome.OK, "")
