"""Which network addresses a server that we call may have."""

from __future__ import annotations

import pytest

from cds.fhir.addresses import EVERYWHERE, Networks

PUBLIC = ["9.9.9.9", "93.184.215.14", "2620:fe::fe", "2a00:1450:4001:80b::200e", "::ffff:9.9.9.9", "64:ff9b::909:909",
          "2002:909:909::1"]  # fmt: skip
NOT_PUBLIC = [
    ("loopback", ["127.0.0.1", "127.255.255.254", "::1"]),
    ("private", ["10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1", "fc00::1"]),
    ("shared by providers", ["100.64.0.1"]),
    ("link-local, with that of cloud metadata", ["169.254.169.254", "fe80::1", "fe80::1%eth0"]),
    ("site-local", ["fec0::1"]),
    ("unspecified", ["0.0.0.0", "0.1.2.3", "::"]),
    ("multicast and broadcast", ["224.0.0.1", "239.1.2.3", "255.255.255.255", "ff02::1", "ff0e::1"]),
    ("kept back", ["240.0.0.1", "192.0.0.8", "198.18.0.1", "100::1", "5f00::1", "4000::1"]),
    ("documentation", ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"]),
    ("relays and tunnels", ["192.88.99.1", "2001::1", "2001:0:9d38:6ab8:0:0:f5ff:fffe", "64:ff9b:1::a00:1"]),
    ("IPv4 inside IPv6", ["::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254", "::127.0.0.1",
                          "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1"]),
    ("what is no address", ["", "ehr.example.invalid", "10.1.2", "None"]),
]  # fmt: skip
EVERY_OTHER = [address for _, addresses in NOT_PUBLIC for address in addresses]


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_need_no_list(address: str) -> None:
    assert Networks().refusal(address) == ""


@pytest.mark.parametrize("address", EVERY_OTHER)
def test_all_others_are_refused(address: str) -> None:
    assert Networks().refusal(address, "ehr.example.invalid") != ""


@pytest.mark.parametrize(
    ("network", "inside", "outside"),
    [
        ("10.20.0.0/16", ["10.20.0.0", "10.20.255.255", "::ffff:10.20.1.1", "64:ff9b::a14:101"], ["10.21.0.1", "::1"]),
        ("10.20.30.40", ["10.20.30.40"], ["10.20.30.41"]),
        (" fd00:1::/64 ", ["fd00:1::7"], ["fd00:1:0:1::7", "10.20.0.1"]),
        ("fe80::/10", ["fe80::1%eth0"], ["fd00::1"]),
        ("127.0.0.0/8", ["127.0.0.1", "::ffff:127.0.0.1"], ["::1", "10.0.0.1"]),
        ("64:ff9b::/96", ["64:ff9b::a00:1"], ["10.0.0.1"]),
    ],
)
def test_a_site_lists_the_networks_of_its_servers(network: str, inside: list[str], outside: list[str]) -> None:
    networks = Networks([network])
    assert [address for address in inside if networks.refusal(address)] == []
    assert [address for address in outside if not networks.refusal(address)] == []


@pytest.mark.parametrize(
    ("host", "allowed", "refused"),
    [
        ("127.0.0.1", ["127.0.0.1", "::ffff:127.0.0.1"], ["127.0.0.2", "::1", "10.0.0.1"]),
        ("10.1.2.3", ["10.1.2.3"], ["10.1.2.4"]),
        ("::1", ["::1"], ["127.0.0.1"]),
        (
            "localhost",
            ["127.0.0.1", "127.0.1.1", "::1", "::ffff:127.0.0.1"],
            ["10.0.0.1", "169.254.169.254", "0.0.0.0"],
        ),
        ("localhost.", [], ["127.0.0.1"]),
        ("localhost.example.invalid", [], ["127.0.0.1"]),
    ],
)
def test_a_listed_url_that_names_an_address_allows_that_address(
    host: str, allowed: list[str], refused: list[str]
) -> None:
    assert [address for address in allowed if Networks().refusal(address, host)] == []
    assert [address for address in refused if not Networks().refusal(address, host)] == []


@pytest.mark.parametrize("address", [address for address in EVERY_OTHER if ":" in address or address.count(".") == 3])
def test_a_person_may_call_any_address(address: str) -> None:
    assert Networks(EVERYWHERE).refusal(address) == ""


@pytest.mark.parametrize("written", ["", "10.20.0.0/33", "10.20.0.1/16", "intranet", "10.20.*", "fd00::/129"])
def test_what_is_no_network_is_named(written: str) -> None:
    with pytest.raises(ValueError, match="is no network: write it as") as caught:
        Networks(["10.0.0.0/8", written])
    assert repr(written) in str(caught.value)
