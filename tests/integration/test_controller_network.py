"""The network controller's measurements: between two namespaces, against iperf3, dnsmasq and a web server."""

from __future__ import annotations

import contextlib
import datetime
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import netns
import pytest
from netns import DEVICE, HOST, NOBODY, Link
from virtualpytest_host.controllers.network import Network
from virtualpytest_host.network import namespace, program

from pytest_virtualpytest import traffic
from pytest_virtualpytest.exceptions import DeviceError

LATE = 20.0  # seconds that a busy machine may take beyond a deadline


@pytest.fixture(scope="module")
def link() -> Iterator[Link]:
    """Give a link, with a DNS server, an iperf3 server and a web server at the device's end."""
    netns.needed("ping", "curl", "iperf3", "dnsmasq")
    with netns.link() as link, netns.dns(link), netns.iperf(link), netns.web(link, size=1000):
        yield link


@pytest.fixture
def network(link: Link) -> Network:
    """Give a controller of the link."""
    return Network(link.interface, link.host, timeout=1.0)


def complaint(action: Callable[[], object], within: float = LATE) -> str:
    began = time.monotonic()
    with pytest.raises(DeviceError) as caught:
        action()
    assert time.monotonic() - began < within
    assert "\n" not in caught.value.message
    return caught.value.message


def test_it_has_what_the_capability_wants() -> None:
    assert isinstance(Network("eth1"), traffic.Network)


def test_link_is_what_it_holds() -> None:
    assert Network("eth1").resources() == ["link:eth1"]
    assert Network("eth1", "box").resources() == ["link:box/eth1"]


def test_ping_tells_each_round_trip(network: Network) -> None:
    found = network.ping(DEVICE, 4, 0.05)

    assert (found.sent, found.received, found.loss, len(found.times)) == (4, 4, 0.0, 4)
    assert 0 < found.minimum <= found.average <= found.maximum < 1.0
    assert 0 <= found.jitter < 1.0


def test_ping_that_is_not_answered_is_a_loss_and_no_time_is_within_a_limit(network: Network) -> None:
    found = network.ping(NOBODY, 2, 0.1)

    assert (found.sent, found.received, found.loss) == (2, 0, 1.0)
    assert found.average == found.jitter == math.inf


@pytest.mark.parametrize("host", ["nobody.invalid", "192.0.2.1"])
def test_host_that_cannot_be_asked_is_an_error_that_names_it(network: Network, host: str) -> None:
    assert complaint(lambda: network.ping(host, 1, 0.1)).startswith(f"ping {host}: ")


def test_name_is_resolved(network: Network) -> None:
    found = network.resolve("box.test", "A", DEVICE)

    assert (found.code, found.answers, found.server) == ("NOERROR", (DEVICE,), DEVICE)
    assert 0 < found.seconds < 1.0


def test_records_of_another_kind_are_resolved(network: Network) -> None:
    assert network.resolve("note.test", "TXT", DEVICE).answers == ('"hello"',)


def test_name_that_is_none_is_an_answer(network: Network) -> None:
    found = network.resolve("nobody.test", "A", DEVICE)

    assert (found.code, found.answers) == ("NXDOMAIN", ())


def test_name_server_of_the_namespace_is_asked_where_none_is_named(network: Network, link: Link) -> None:
    place = Path("/etc/netns") / link.host
    place.mkdir(parents=True)
    (place / "resolv.conf").write_text(f"nameserver {DEVICE}\n")
    try:
        assert network.resolve("box.test", "A", "").answers == (DEVICE,)
    finally:
        (place / "resolv.conf").unlink()
        place.rmdir()
        with contextlib.suppress(OSError):  # others are at it as well
            place.parent.rmdir()


def test_name_server_that_is_not_there_is_an_error_in_time(network: Network) -> None:
    message = complaint(lambda: network.resolve("box.test", "A", NOBODY))

    assert message == f"DNS server {NOBODY}: no answer about 'box.test' within 1 s; does one run there?"


@pytest.mark.parametrize(("name", "kind"), [("a..b", "A"), ("x" * 64, "A"), ("box.test", "NONE SUCH")])
def test_question_that_is_none_says_so(network: Network, name: str, kind: str) -> None:
    assert complaint(lambda: network.resolve(name, kind, DEVICE)).startswith(f"no DNS question {name!r} {kind!r}: ")


def test_fetch_times_each_step(link: Link, network: Network) -> None:
    with netns.web(link, port=8081, wait=0.2, size=5000):
        found = network.fetch(f"http://{DEVICE}:8081/", True)

    assert (found.status, found.size, found.address, found.tls) == (200, 5000, DEVICE, 0.0)
    assert found.connect > 0
    assert 0.2 <= found.first_byte <= found.total


def test_certificate_that_is_not_trusted_is_an_error_unless_it_need_not_be(
    link: Link, network: Network, tmp_path: Path
) -> None:
    with netns.web(link, port=8443, tls=str(certificate(tmp_path))):
        message = complaint(lambda: network.fetch(f"https://{DEVICE}:8443/", True))
        found = network.fetch(f"https://{DEVICE}:8443/", False)

    assert "certificate" in message
    assert found.status == 200
    assert found.tls > 0


def test_web_server_that_refuses_is_an_error(network: Network) -> None:
    assert complaint(lambda: network.fetch(f"http://{DEVICE}:9/", True)).startswith(f"GET http://{DEVICE}:9/: (7) ")


def test_web_server_that_hangs_is_an_error_in_time(link: Link, network: Network) -> None:
    with netns.web(link, port=8082, mute=True):
        message = complaint(lambda: network.fetch(f"http://{DEVICE}:8082/", True))

    assert message.startswith(f"GET http://{DEVICE}:8082/: (28) ")


@pytest.mark.parametrize("down", [True, False])
def test_throughput_by_tcp(network: Network, down: bool) -> None:
    found = network.throughput(DEVICE, down, 1, 5201, 0)

    assert found.down == down
    assert found.rate > 1e6
    assert found.size > 1e5
    assert (found.loss, found.jitter) == (None, None)


def test_throughput_by_udp_tells_loss_and_jitter(network: Network) -> None:
    found = network.throughput(DEVICE, True, 1, 5201, 2e6)

    assert found.rate == pytest.approx(2e6, rel=0.2)
    assert found.loss is not None
    assert 0 <= found.loss < 0.2
    assert found.jitter is not None


def test_iperf_server_that_refuses_is_an_error_that_says_what_to_start(network: Network) -> None:
    message = complaint(lambda: network.throughput(DEVICE, True, 1, 5999, 0))

    assert message == (
        f"iperf3 with {DEVICE}: unable to connect to server: Connection refused; does `iperf3 -s -p 5999` run there?"
    )


def test_iperf_server_that_is_not_there_is_an_error_in_time(network: Network) -> None:
    assert complaint(lambda: network.throughput(NOBODY, True, 1, 5201, 0)).startswith(f"iperf3 with {NOBODY}: ")


def test_iperf_server_that_hangs_is_an_error_in_time_and_leaves_no_process(link: Link, network: Network) -> None:
    with netns.iperf(link, 5202) as server:
        os.kill(server.pid, signal.SIGSTOP)
        message = complaint(lambda: network.throughput(DEVICE, True, 1, 5202, 0))

    assert message == f"iperf3 with {DEVICE}: no end within 3 s; is the other side well?"
    assert link.processes() == set()


def test_iperf_server_that_is_killed_meanwhile_is_an_error(link: Link, network: Network) -> None:
    with netns.iperf(link, 5203) as server:
        threading.Timer(1.0, server.kill).start()
        message = complaint(lambda: network.throughput(DEVICE, True, 5, 5203, 0))

    assert message.startswith(f"iperf3 with {DEVICE}: ")


def test_interface_tells_how_it_is(link: Link, network: Network) -> None:
    before = network.state()
    network.ping(DEVICE, 3, 0.05)
    after = network.state()

    assert (before.name, before.up, before.carrier, before.mtu, before.speed) == ("link0", True, True, 1500, 10e9)
    assert f"{HOST}/24" in before.addresses
    assert after.sent.packets - before.sent.packets >= 3
    assert after.received.size > before.received.size


def test_cable_that_is_out_is_told(link: Link) -> None:
    with netns.link() as other:
        network = Network(other.interface, other.host)
        other.on(other.device, "ip", "link", "set", "dev0", "down")

        found = network.state()

    assert (found.up, found.carrier) == (True, False)
    assert str(found).startswith(f"link0: no carrier, {HOST}/24")


def test_interface_that_is_not_there_is_an_error(link: Link) -> None:
    message = complaint(Network("eth9", link.host).open)

    assert message == 'interface eth9: Device "eth9" does not exist.'


def test_namespace_that_is_not_there_is_an_error_that_names_those_that_are(link: Link) -> None:
    message = complaint(Network("eth9", "nowhere").open)

    assert message.startswith("no network namespace 'nowhere' here; there are: ")
    assert link.host in message


def test_program_that_is_missing_is_named_with_its_package(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_PATH", "/nowhere")

    message = complaint(lambda: Network("lo").ping(DEVICE, 1, 0.1))

    assert message == "ping is not installed on this host: apt-get install iputils-ping"


def test_account_in_an_address_is_refused_and_not_shown(network: Network) -> None:
    message = complaint(lambda: network.fetch(f"http://ann:hunter2@{DEVICE}/", True))

    assert message == f"url of '{DEVICE}' is refused: it carries an account, which would be shown"


def test_iperf_server_that_is_busy_is_waited_for(link: Link, network: Network) -> None:
    with netns.iperf(link, 5204):
        other = threading.Thread(target=lambda: Network(link.interface, link.host).throughput(DEVICE, True, 1, 5204, 0))
        other.start()
        found = Network(link.interface, link.host, timeout=20.0).throughput(DEVICE, True, 1, 5204, 0)
        other.join()

    assert found.size > 0


@pytest.mark.parametrize(("seconds", "udp"), [(0, 0), (-1, 0), (1, -1)])
def test_throughput_that_cannot_be_is_refused(network: Network, seconds: int, udp: float) -> None:
    assert "wanted 1 s or more" in complaint(lambda: network.throughput(DEVICE, True, seconds, 5201, udp))


def test_thread_is_back_in_its_own_namespace_after_a_question(link: Link, network: Network) -> None:
    before = os.readlink("/proc/thread-self/ns/net")  # noqa: PTH115  # it leads nowhere

    network.resolve("box.test", "A", DEVICE)
    with pytest.raises(KeyError), namespace.entered(link.host):
        raise KeyError

    assert os.readlink("/proc/thread-self/ns/net") == before  # noqa: PTH115


def certificate(folder: Path) -> Path:
    """Return a file with a new key and a certificate that nobody has signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DEVICE)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = folder / "server.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path
