"""Where we may be sent: sixty and more URLs that lead, or could lead, to places that are not for tenants."""

import pytest

from functions.import_publish.sources.guard import Guard, is_public, read_url
from functions.import_publish.sources.problems import SourceProblem

LITERALS = [
    "https://127.0.0.1/x",
    "https://127.1/x",
    "https://127.0.1/x",
    "https://2130706433/x",
    "https://017700000001/x",
    "https://0177.0.0.1/x",
    "https://0x7f000001/x",
    "https://0x7f.0.0.1/x",
    "https://0x7f.1/x",
    "https://127.0.0.1.:443/x",
    "https://127.00.0.01/x",
    "https://0/x",
    "https://0.0.0.0/x",
    "https://10.0.0.1/x",
    "https://10.255.255.255/x",
    "https://172.16.0.1/x",
    "https://172.31.255.254/x",
    "https://192.168.1.1/x",
    "https://100.64.0.1/x",
    "https://100.127.255.254/x",
    "https://169.254.169.254/computeMetadata/v1/",
    "https://169.254.0.1/x",
    "https://2852039166/latest/meta-data",
    "https://0xa9fea9fe/latest/meta-data",
    "https://0251.0376.0251.0376/x",
    "https://192.0.0.170/x",
    "https://198.18.0.1/x",
    "https://224.0.0.1/x",
    "https://240.0.0.1/x",
    "https://255.255.255.255/x",
    "https://[::]/x",
    "https://[::1]/x",
    "https://[0:0:0:0:0:0:0:1]/x",
    "https://[::ffff:127.0.0.1]/x",
    "https://[::ffff:7f00:1]/x",
    "https://[::ffff:169.254.169.254]/x",
    "https://[::ffff:a9fe:a9fe]/x",
    "https://[::127.0.0.1]/x",
    "https://[64:ff9b::7f00:1]/x",
    "https://[64:ff9b:1::a9fe:a9fe]/x",
    "https://[2002:7f00:1::]/x",
    "https://[2002:a9fe:a9fe::1]/x",
    "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/x",
    "https://[fc00::1]/x",
    "https://[fd00:ec2::254]/latest/meta-data",
    "https://[fe80::1]/x",
    "https://[fec0::1]/x",
    "https://[ff02::1]/x",
    "https://[2001:db8::1]/x",
    "https://[100::1]/x",
    "https://localhost/x",
    "https://localhost./x",
    "https://LOCALHOST/x",
    "https://anything.localhost/x",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://metadata/x",
    "https://kubernetes.default.svc/x",
    "https://printer.local/x",
    "https://db.corp/x",
    "https://①②⑦.⓪.⓪.①/x",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/x",
    "https://user@example.com/x",
    "https://user:pass@example.com/x",
    "https://example.com@127.0.0.1/x",
    "https://127.0.0.1#@example.com/",
    "https://127.0.0.1\\@example.com/",
    "https://example.com:22/x",
    "https://example.com:6379/x",
    "https://example.com:27017/x",
    "https://example.com:80/x",
    "https://example.com:0/x",
    "http://example.com/x",
    "file:///etc/passwd",
    "file://example.com/etc/passwd",
    "gopher://example.com:443/_x",
    "ftp://example.com/x",
    "dict://example.com:443/x",
    "ldap://example.com/x",
    "data:text/csv,barcode",
    "jar:https://example.com/x",
    "//example.com/x",
    "/etc/passwd",
    "example.com/x",
    "https:///x",
    "https://",
    "https://exa mple.com/x",
    "https://example.com/x\r\nHost: localhost",
    "https://example.com/" + "x" * 3000,
]
NAMES = {
    "rebound.test": ["127.0.0.1"],
    "metadata.test": ["169.254.169.254"],
    "private.test": ["10.1.2.3"],
    "mapped.test": ["::ffff:10.0.0.1"],
    "ula.test": ["fd12::1"],
    "cgnat.test": ["100.64.3.2"],
    "one-of-two.test": ["93.184.216.34", "127.0.0.1"],
    "two-of-two.test": ["192.168.0.9", "93.184.216.34"],
    "zero.test": ["0.0.0.0"],
    "scoped.test": ["fe80::1%eth0"],
    "nonsense.test": ["not an address"],
}


def resolver_of(names: dict[str, list[str]]) -> tuple[Guard, list[str]]:
    asked: list[str] = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        if host not in names:
            raise OSError("no such host")
        return names[host]

    return Guard(resolver=resolve), asked


@pytest.mark.parametrize("text", LITERALS)
def test_what_leads_to_places_of_our_own_is_refused_before_anybody_is_asked(text: str) -> None:
    guard, asked = resolver_of(NAMES)
    with pytest.raises(SourceProblem) as caught:
        guard.check_url(read_url(text))
    assert caught.value.code == "SOURCE_FORBIDDEN_ADDRESS"
    assert not asked


@pytest.mark.parametrize("name", sorted(NAMES))
async def test_a_name_that_leads_there_is_refused_once_it_is_resolved(name: str) -> None:
    guard, _ = resolver_of(NAMES)
    guard.check_url(read_url(f"https://{name}/x"))
    with pytest.raises(SourceProblem) as caught:
        await guard.resolve(name, 443)
    assert caught.value.code == "SOURCE_FORBIDDEN_ADDRESS"


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/x?y=1",
        "https://EXAMPLE.com:8443/",
        "https://xn--mnchen-3ya.de/preise.csv",
        "https://93.184.216.34/x",
        "https://[2606:2800:220:1::1]/x",
    ],
)
def test_the_open_internet_is_allowed(text: str) -> None:
    Guard().check_url(read_url(text))


async def test_a_public_name_becomes_its_first_address() -> None:
    guard, asked = resolver_of({"erp.example.com": ["93.184.216.34", "2606:2800:220:1::1"]})
    assert await guard.resolve("ERP.example.com", 443) == "93.184.216.34"
    assert asked == ["erp.example.com"]


async def test_a_name_that_cannot_be_resolved_is_not_gone_to_by_name() -> None:
    guard, _ = resolver_of({})
    with pytest.raises(SourceProblem) as caught:
        await guard.resolve("flaky.test", 443)
    assert (caught.value.code, caught.value.passing) == ("SOURCE_UNREACHABLE", True)


async def test_sftp_has_ports_of_its_own() -> None:
    guard, _ = resolver_of({"drop.example.com": ["93.184.216.34"]})
    assert await guard.resolve("drop.example.com", 22, "sftp") == "93.184.216.34"
    for port, scheme in ((443, "sftp"), (25, "sftp"), (22, "https")):
        with pytest.raises(SourceProblem):
            await guard.resolve("drop.example.com", port, scheme)


async def test_a_simulator_of_ones_own_machine_may_be_named_one_host_and_port_at_a_time() -> None:
    guard = Guard({"127.0.0.1:8201"}, resolver_of({"127.0.0.1": ["127.0.0.1"]})[0]._resolve)
    guard.check_url(read_url("http://127.0.0.1:8201/x"))
    assert await guard.resolve("127.0.0.1", 8201) == "127.0.0.1"
    for other in ("http://127.0.0.1:8202/x", "http://localhost:8201/x", "http://127.1:8201/x"):
        with pytest.raises(SourceProblem):
            guard.check_url(read_url(other))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1::1", "2a00:1450:4001:80b::200e"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)
