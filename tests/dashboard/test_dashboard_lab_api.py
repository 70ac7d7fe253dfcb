"""The lab's addresses under /api, each with real virtual devices behind it."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import labs
import pytest
from browsing import plain
from starlette.testclient import TestClient
from virtualpytest_dashboard.lab import api, polling
from virtualpytest_dashboard.lab.states import DeviceState, HostState

from pytest_virtualpytest.health import Health
from pytest_virtualpytest.wire import Call

av = pytest.importorskip("av", reason="the lab's devices want virtualpytest[host]")

LAB = """
[devices.apibox]
virtual = "stb"
model = "horizon-4"
[devices.account]
kind = "account"
resources = ["account:api"]
[hosts.gone]
python = "/nowhere/python"
[devices.far]
kind = "tv"
host = "gone"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the lab file."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    """Give a client of a dashboard that only looks."""
    with labs.client_of(folder, LAB) as client:
        labs.device(client, "apibox", "free")
        yield client


def test_api_hosts_tells_how_each_is_and_why_one_is_lost(client: TestClient) -> None:
    hosts = labs.until(lambda: (told := _hosts(client))["gone"]["state"] == "lost" and told)

    assert hosts["local"]["state"] == "up"
    assert 0 < hosts["local"]["memory"] < 1
    assert abs(hosts["local"]["clock"]["late"]) < 1
    assert hosts["local"]["details"]["software"]["PyAV"]
    assert "cannot run '/nowhere/python'" in hosts["gone"]["why"]


def test_api_devices_tells_state_stream_and_keys(client: TestClient) -> None:
    box = labs.until(lambda: (told := labs.device(client, "apibox", "free"))["stream"] and told)

    assert (box["kind"], box["model"], box["holder"], box["waiting"]) == ("stb", "horizon-4", None, [])
    assert (box["stream"]["width"], box["stream"]["height"]) == (1280, 720)
    assert {"OK", "GUIDE"} <= set(box["keys"])
    assert [one["name"] for one in client.get("/api/devices").json()["devices"]] == ["apibox", "account", "far"]
    assert labs.device(client, "far", "lost")["why"] == "its host gone cannot be reached"


def test_api_devices_tells_who_holds_one_and_who_waits(client: TestClient, folder: Path) -> None:
    with labs.somebody(folder) as holder, labs.somebody(folder) as waiter:
        holder.lease("account", labs.BEN)
        waiter.queue(["account"], "00000000000000000001-aaaaaaaa", {"user": "eve", "test": "test_guide"})

        held = labs.until(lambda: (told := labs.device(client, "account", "held"))["waiting"] and told)
        page = client.get("/lab/devices/account").text

    assert (held["holder"]["user"], held["holder"]["test"]) == ("ben", "test_zap")
    assert held["waiting"][0]["user"] == "eve"
    assert "ben, run 4f6b, test_zap" in page
    assert "1 waiting: eve, test_guide" in page
    labs.device(client, "account", "free")


def test_api_picture_is_a_jpeg_as_wide_as_asked(client: TestClient) -> None:
    answer = client.get("/api/devices/apibox/picture?width=480")

    assert answer.headers["content-type"] == "image/jpeg"
    assert _size(answer.content) == (480, 270)


def test_api_frame_is_the_whole_picture_as_png(client: TestClient) -> None:
    answer = client.get("/api/devices/apibox/frame")

    assert answer.content.startswith(b"\x89PNG")
    assert _size(answer.content) == (1280, 720)


def test_api_clip_is_a_film_of_the_last_seconds(client: TestClient) -> None:
    answer = client.get("/api/devices/apibox/clip?seconds=3")

    with av.open(io.BytesIO(answer.content)) as film:
        seconds = film.duration / 1e6
    assert answer.headers["content-type"] == "video/mp4"
    assert 1 < seconds < 7


def test_restart_images_are_listed_and_each_is_there(client: TestClient) -> None:
    def listed() -> list[dict[str, object]]:
        told = client.get("/api/restart/images?device_id=apibox&seconds=20&every=0.5").json()
        assert told["device_id"] == "apibox"
        return list(told["images"])

    images = labs.until(lambda: (found := listed())[3:] and found)
    pictures = [client.get(str(image["url"])) for image in images[-3:]]

    assert all(float(old["age"]) > float(new["age"]) for old, new in itertools.pairwise(images))
    assert [_size(picture.content) for picture in pictures] == [(960, 540)] * 3
    captured = [float(picture.headers["x-captured"]) for picture in pictures]
    assert captured == pytest.approx([image["captured"] for image in images[-3:]], abs=0.001)


def test_api_monitoring_counts_states_and_names_what_is_wrong(client: TestClient) -> None:
    labs.device(client, "far", "lost")

    told = client.get("/api/monitoring").json()

    assert told["hosts"] == {"up": 1, "lost": 1}
    assert told["devices"]["free"] == 2
    wrong = {(one["kind"], one["name"]): one["why"] for one in told["problems"]}
    assert "/nowhere/python" in wrong["host", "gone"]
    assert wrong["device", "far"] == "its host gone cannot be reached"


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/api/devices/apibix", 404, "lab.toml: no device 'apibix'; did you mean 'apibox'?"),
        ("/api/restart/images", 422, "say which device: ?device_id=NAME"),
        ("/api/restart/images?device_id=nobody", 404, "no device 'nobody'"),
        ("/api/restart/images/1.0?device_id=apibox", 410, "ago"),
        ("/api/restart/images/soon?device_id=apibox", 422, "captured: 'soon' is no number"),
        ("/api/devices/apibox/picture?width=9", 422, "width: '9' is no number from 16 to 4096"),
        ("/api/devices/apibox/clip?seconds=nan", 422, "seconds: 'nan' is no number from 1 to 600"),
        ("/api/devices/account/picture", 502, "no 'screen'"),
        ("/api/devices/far/picture", 502, "cannot run '/nowhere/python'"),
    ],
)
def test_what_cannot_be_is_told_in_words(client: TestClient, address: str, status: int, words: str) -> None:
    answer = client.get(address)

    assert answer.status_code == status
    assert words in answer.json()["error"]


def test_pages_show_the_lab_and_run_scripts_of_ours_only(client: TestClient) -> None:
    pages = [client.get(path) for path in ("/lab", "/lab/hosts", "/lab/devices/apibox")]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert all("script-src 'self';" in page.headers["content-security-policy"] for page in pages)
    assert all("apibox" in page.text for page in pages)
    assert "cannot run &#39;/nowhere/python&#39;" in pages[1].text
    assert "This dashboard only looks" in pages[2].text


def test_mistakes_of_the_lab_file_are_shown_until_they_are_mended(tmp_path: Path) -> None:
    with labs.client_of(tmp_path, '[devices.x]\nvirtual = "sbt"\n') as client:
        page, told = client.get("/lab"), client.get("/api/devices")
        (tmp_path / "lab.toml").write_text('[devices.x]\nkind = "account"\nresources = ["account:x"]\n')
        mended = labs.device(client, "x", "free")

    assert (page.status_code, told.status_code) == (503, 503)
    assert "devices.x.virtual" in page.text
    assert "devices.x.virtual" in told.json()["error"]
    assert mended["kind"] == "account"


def test_hosts_are_left_alone_when_nobody_looks_and_reached_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "IDLE", 1.0)
    with labs.client_of(tmp_path, '[devices.x]\nkind = "account"\nresources = ["account:x"]\n') as client:
        labs.device(client, "x", "free")
        [gateways] = client.app.state.lab.bench().reach._gateways.values()  # type: ignore[attr-defined]
        opened = gateways.of("local")

        labs.until(lambda: not opened.alive)

        assert labs.device(client, "x", "free")["state"] == "free"
        assert gateways.of("local") is not opened


def test_no_host_is_reached_before_somebody_looks(folder: Path, client: TestClient, tmp_path: Path) -> None:
    with labs.client_of(tmp_path, '[devices.x]\nkind = "account"\nresources = ["account:x"]\n') as fresh:
        assert fresh.get("/").status_code == 200
        assert fresh.app.state.lab._bench is None  # type: ignore[attr-defined]


def _hosts(client: TestClient) -> dict[str, dict[str, object]]:
    return {host["name"]: host for host in client.get("/api/hosts").json()["hosts"]}


def _size(picture: bytes) -> tuple[int, int]:
    with av.open(io.BytesIO(picture)) as opened:
        [frame] = opened.decode(video=0)
        return frame.width, frame.height


def test_a_call_without_a_lease_is_all_that_looking_needs(client: TestClient, folder: Path) -> None:
    with labs.somebody(folder) as holder:
        token = holder.lease("apibox", labs.BEN)
        answers = [client.get(f"/api/devices/apibox/{what}").status_code for what in ("picture", "frame", "clip")]
        pressed = holder.call(Call("remote.press", "apibox", {"key": "OK"}, token, 20)).value

    assert answers == [200, 200, 200]
    assert pressed["key"] == "OK"


def test_hosts_page_tells_what_is_wrong_first_and_each_recorder_with_its_memory(client: TestClient) -> None:
    box = labs.until(lambda: (told := labs.device(client, "apibox", "free"))["stream"] and told)
    labs.device(client, "far", "lost")

    page = plain(client.get("/lab/hosts").text)

    assert page.index("To look at host gone") < page.index("gone ⊘ lost") < page.index("local ✓ up")
    assert f"{box['stream']['source']}, " in page
    assert 10 << 20 < box["stream"]["memory"] < 200 << 20
    assert box["stream"]["recorder"] > 1


@pytest.mark.parametrize(
    ("late", "told"), [(0.9, ()), (-1.2, ("its clock is -1.2 s off",)), (4, ("its clock is +4.0 s off",))]
)
def test_clock_that_is_more_than_a_second_off_is_a_problem(late: float, told: tuple[str, ...]) -> None:
    facts = {"memory": 0.5, "disk": 0.5, "version": metadata.version("virtualpytest"), "load": 0.1}
    host = HostState("rack1", "popen", "up", health=Health(facts, late, 0.1))

    assert host.problems == told


def test_stream_with_missing_frames_is_a_problem_of_its_device() -> None:
    stream = {"dropped": 3, "seconds": 28.4}
    device = DeviceState("stb1", "rack1", "stb", capabilities=("screen",), state="free", stream=stream)

    assert api.problems([], [device]) == [
        {"kind": "device", "name": "stb1", "host": "rack1", "why": "3 frames are missing in the last 28 s"}
    ]
