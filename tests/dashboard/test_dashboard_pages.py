"""The pages, over what a real pytest with allure-pytest wrote."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from browsing import Write, links, plain, rows, run_page, shown_test
from starlette.testclient import TestClient
from virtualpytest_dashboard.app import create_app


def test_runs_page_shows_verdicts_causes_devices_and_where_they_ran(site: TestClient) -> None:
    page = plain(site.get("/").text)

    assert "nightly" in page
    assert "1 failed" in page
    assert "3 broken" in page
    assert "2 passed" in page
    assert "1 product" in page
    assert "1 lab" in page
    assert "firmware 24.0.5" in page
    assert "stb1, stb2" in page


def test_run_page_says_at_a_glance_whether_product_lab_or_test_is_to_blame(site: TestClient) -> None:
    page = plain(run_page(site))

    assert "4 of 7 tests to look at" in page
    assert "1 Product a check on the device did not come true" in page
    assert "1 Lab a host, device or capture failed" in page
    assert "2 Test the test itself broke" in page


def test_run_page_puts_what_is_to_look_at_first_with_device_host_and_message(site: TestClient) -> None:
    page = plain(run_page(site)).partition("Tests Search")[2]

    assert page.index("test_zap") < page.index("test_power") < page.index("test_channel[1]")
    assert "banner.png: not seen within 5 s; nearest 0.61 of 0.90 stb1 rack1" in page


def test_the_lab_host_counts_not_the_machine_that_pytest_ran_on(site: TestClient) -> None:
    page = plain(run_page(site))

    assert "stb1 rack1" in page


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("?verdict=failed", "test_zap", "test_power"),
        ("?verdict=bad", "test_power", "test_channel[1]"),
        ("?cause=lab", "test_power", "test_zap"),
        ("?device=stb2", "test_channel[2]", "test_channel[1]"),
        ("?q=NAMEERROR", "test_typo", "test_zap"),
        ("?category=Product+defects", "test_zap", "test_typo"),
    ],
)
def test_query_string_narrows_the_tests(site: TestClient, query: str, shown: str, hidden: str) -> None:
    listed = rows(run_page(site, query))

    assert shown in listed
    assert hidden not in listed


def test_orders_are_links_and_the_choice_is_told_to_screen_readers(site: TestClient) -> None:
    page = run_page(site, "?order=test&verdict=bad")

    assert rows(page) == sorted(rows(page))
    assert 'aria-sort="ascending"' in page
    assert links(page, r"\?verdict=bad&amp;order=duration")


def test_nonsense_in_the_query_string_shows_every_test(site: TestClient) -> None:
    page = plain(run_page(site, "?order=%00&page=-7&verdict="))

    assert "test_zap" in page
    assert "test_channel[2]" in page


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("pytest_virtualpytest.exceptions.NotSeen: banner.png", "NotSeen: banner.png"),
        ("adb.AdbError", "AdbError"),
        ("see docs.example.com for more", "see docs.example.com for more"),
    ],
)
def test_lists_leave_out_the_package_of_an_exception(client: TestClient, write: Write, message: str, told: str) -> None:
    write(status="failed", statusDetails={"message": message})

    assert f"test_zap tests.test_zap {told} " in plain(run_page(client))
    assert message in plain(shown_test(client, "test_zap"))


def test_a_filter_that_nothing_fits_says_so_and_leads_back(site: TestClient) -> None:
    page = run_page(site, "?q=nothing+like+it")

    assert "No test fits." in page
    assert "Show all tests" in page


def test_many_tests_come_in_pages(client: TestClient, write: Write) -> None:
    for number in range(51):
        write(f"test_{number}")

    first, second = run_page(client), run_page(client, "?page=2")

    assert "page 1 of 2" in first
    assert links(first, r"\?page=2")
    assert len(rows(second)) == 1


def test_shown_test_shows_message_evidence_steps_logs_trace_and_links(site: TestClient) -> None:
    page = plain(shown_test(site, "test_zap"))

    assert "NotSeen: banner.png: not seen within 5 s" in page
    assert "The banner shows after a zap." in page
    assert "wait for banner.png" in page
    assert "compare" in page
    assert "81.2 press CHANNEL_UP" in page
    assert "raise NotSeen" in page
    assert "STB-7" in page
    assert "severity critical" in page
    assert "tune in" in page
    assert "tune out" in page


def test_failed_test_shows_the_annotated_frame_then_the_clip_then_pictures_as_time_passed(site: TestClient) -> None:
    page = shown_test(site, "test_zap")

    shown = re.findall(r"<figcaption><b>([^<]+)</b>", page)
    assert shown == ["annotated frame", "clip of the seconds before", "last frame", "first frame", "second frame"]


def test_failed_test_without_a_picture_of_its_own_shows_the_last_one_of_its_steps_before_the_clip(
    client: TestClient, write: Write
) -> None:
    steps = [
        {"name": word, "start": 1_790_000_000_000 + number, "attachments": [{"name": word, "source": f"{word}.png"}]}
        for number, word in enumerate(("early", "late"))
    ]
    write(status="failed", steps=steps, attachments=[{"name": "clip", "source": "clip.mp4"}])

    shown = re.findall(r"<figcaption><b>([^<]+)</b>", shown_test(client, "test_zap"))

    assert shown == ["late", "clip", "early"]


def test_device_with_most_to_look_at_comes_first(client: TestClient, write: Write) -> None:
    for number, (device, status) in enumerate((("stb1", "passed"), ("stb2", "passed"), ("stb2", "failed"))):
        write(f"test_{number}", status=status, labels=[{"name": "device", "value": device}])

    page = plain(run_page(client))

    assert page.index("stb2 1 of 2 passed 1 product") < page.index("stb1 1 of 1 passed")


def test_test_with_two_devices_names_both_and_counts_for_each(client: TestClient, write: Write) -> None:
    told = [("device", "tv1"), ("host", "rack1"), ("device", "phone1"), ("host", "rack2"), ("host", "controller")]
    write("test_cast", status="failed", labels=[{"name": name, "value": value} for name, value in told])

    page = plain(run_page(client, "?device=phone1"))

    assert "tv1 + phone1 rack1 + rack2" in page
    assert "phone1 rack2 0 of 1 passed 1 product tv1 rack1 0 of 1 passed 1 product" in page
    assert "controller" not in page


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ([("device", "stb1"), ("host", "rack1")] * 2 + [("host", "vm")], "stb1 rack1 1.5 s"),
        ([("device", "stb1"), ("host", "rack1"), ("device", "stb2"), ("host", "rack1")], "stb1 + stb2 rack1 1.5 s"),
        ([("device", "stb1")], "stb1 1.5 s"),
        ([("host", "vm")], "vm 1.5 s"),
    ],
)  # fmt: skip
def test_place_is_told_once(client: TestClient, write: Write, told: list[tuple[str, str]], shown: str) -> None:
    write(labels=[{"name": name, "value": value} for name, value in told])

    assert f"test_zap tests.test_zap {shown}" in plain(run_page(client))


def test_cause_is_told_in_words_beside_a_category_of_ones_own(client: TestClient, folder: Path, write: Write) -> None:
    (folder / "categories.json").write_text('[{"name": "Black screen"}]', encoding="utf-8")
    write(status="failed")

    assert "failed product Black screen" in plain(run_page(client))
    assert "product Black screen" in plain(shown_test(client, "test_zap"))


def test_pictures_have_their_names_as_alternative_text_and_clips_can_be_played(site: TestClient) -> None:
    page = shown_test(site, "test_zap")

    assert 'alt="annotated frame"' in page
    assert re.search(r'<video controls preload="metadata" src="[^"]+\.mp4"', page)


def test_what_pytests_own_finalizers_leave_behind_is_not_shown(site: TestClient) -> None:
    assert "lambda" not in shown_test(site, "test_channel[1]")


def test_skipped_test_says_why(site: TestClient) -> None:
    assert "needs a second tuner" in shown_test(site, "test_record")


def test_no_page_holds_an_inline_script_or_style(site: TestClient) -> None:
    pages = [site.get("/").text, run_page(site), shown_test(site, "test_zap")]

    for page in pages:
        assert not re.search(r"<script(?![^>]* src=)", page)
        assert "style=" not in page
        assert "javascript:" not in page


def test_every_page_has_one_heading_a_language_and_a_way_to_its_content(site: TestClient) -> None:
    for page in (site.get("/").text, run_page(site), shown_test(site, "test_zap"), site.get("/nowhere").text):
        assert page.count("<h1") == 1
        assert '<html lang="en">' in page
        assert 'href="#main"' in page


def test_every_link_of_the_pages_leads_somewhere(site: TestClient) -> None:
    pages = [site.get("/").text, run_page(site), shown_test(site, "test_zap")]

    for address in {link for page in pages for link in re.findall(r'(?:href|src)="(http://127[^"]*)"', page)}:
        assert site.get(html.unescape(address)).status_code == 200, address


def test_unknown_run_test_and_address_are_told_plainly_and_lead_back(site: TestClient) -> None:
    run = links(site.get("/").text, "/runs/")[0]

    answers = [site.get(address) for address in ("/runs/nope", f"{run}/tests/nope", "/nowhere")]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert "There is no run 'nope': its folder may have been moved or removed." in html.unescape(answers[0].text)
    assert "There is no test 'nope' in this run: its result may have been removed." in html.unescape(answers[1].text)
    assert "There is nothing at /nowhere." in answers[2].text
    assert all("All runs" in answer.text for answer in answers)


def test_health_tells_scripts_that_pages_can_be_had(site: TestClient) -> None:
    answer = site.get("/health").json()

    assert answer["status"] == "ok"
    assert answer["runs"] == 1


def test_responses_forbid_scripts_sniffing_and_frames(site: TestClient) -> None:
    for address in ("/", "/nowhere", "/health", "/static/dashboard.css"):
        headers = site.get(address).headers

        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "script-src" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_page_that_cannot_be_made_says_so_and_is_as_safe_as_the_others(folder: Path) -> None:
    app = create_app([folder])
    app.state.folders = None

    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        answer = client.get("/")

    assert answer.status_code == 500
    assert "This page could not be made: AttributeError." in plain(answer.text)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("host", ["127.0.0.1:8400", "localhost:8400", "[::1]:8400"])
def test_every_name_of_loopback_is_answered(site: TestClient, host: str) -> None:
    assert site.get("/", headers={"host": host}).status_code == 200


def test_a_foreign_host_name_is_refused(site: TestClient) -> None:
    answer = site.get("/", headers={"host": "evil.example"})

    assert answer.status_code == 400
    assert "runs" not in answer.text


def test_nothing_can_be_changed(site: TestClient) -> None:
    assert site.post("/").status_code == 405
