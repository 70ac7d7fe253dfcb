"""People in a real browser: first link, sign-in, a user and a token, by keys alone; and what the pages look like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import labs
import peopling
import pytest
import tabs

playwright = pytest.importorskip("playwright.sync_api", reason="the browser is driven by playwright")
pytestmark = tabs.NEEDED

CALLED = "() => (document.activeElement.ariaLabel || document.activeElement.textContent).trim()"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Give the address of a dashboard in which nobody is yet, and its link for the first admin."""
    folder = tmp_path_factory.mktemp("results") / "night"
    folder.mkdir()
    (folder / "a-result.json").write_text('{"name": "test_zap", "status": "passed", "uuid": "u", "start": 1}')
    with labs.dashboard(folder, "--users") as (process, address):
        assert process.stdout
        yield address, process.stdout.readline().strip().rpartition(" ")[2]


def typed(page: playwright.Page, *words: str) -> None:
    """Type into the field that has the keyboard, and the ones after it; then send the form."""
    page.wait_for_function("() => document.activeElement.matches('input')")
    for number, word in enumerate(words):
        if number:
            page.keyboard.press("Tab")
        page.keyboard.type(word)
    page.keyboard.press("Enter")


def pressed(page: playwright.Page, name: str, heading: str) -> None:
    """Go from field to field until *name* has the keyboard, and press it; then the page has *heading*."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(CALLED) == name:
            page.keyboard.press("Enter")
            playwright.expect(page.locator("h1")).to_contain_text(heading, timeout=tabs.SECONDS)
            return
    pytest.fail(f"no key leads to {name!r} on {page.url}")


def reached(page: playwright.Page, field: str) -> None:
    """Go from field to field until the one called *field* has the keyboard."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.labels?.[0]?.textContent.trim() ?? ''").startswith(field):
            return
    pytest.fail(f"no key leads to {field!r} on {page.url}")


@pytest.fixture(scope="module")
def admin(begun: tuple[str, str], chromium: Any) -> dict[str, Any]:
    """Go the whole way by keys; return what was seen on it."""
    address, link = begun
    with tabs.tab(chromium) as page:
        page.goto(link)
        typed(page, "root", peopling.PASSWORD, peopling.PASSWORD)
        playwright.expect(page.locator("h1")).to_have_text("Runs", timeout=tabs.SECONDS)

        pressed(page, "Sign out", "Sign in")
        typed(page, "root", peopling.PASSWORD)
        playwright.expect(page.locator(".me a")).to_have_text("root", timeout=tabs.SECONDS)

        pressed(page, "root", "root admin")
        pressed(page, "Users and teams", "Users and teams")
        reached(page, "Name of a new user")
        typed(page, "ben")
        made = page.locator("[data-once-words]")
        playwright.expect(made).to_contain_text("/first/", timeout=tabs.SECONDS)
        users = made.text_content()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")  # Go on
        ben = page.locator("th.name", has_text="ben")
        playwright.expect(ben).to_contain_text("has no password yet", timeout=tabs.SECONDS)

        pressed(page, "You", "root admin")
        reached(page, "Name")
        typed(page, "ci")
        playwright.expect(page.locator("[data-once-words]")).to_contain_text("vpt_", timeout=tabs.SECONDS)
        token = page.locator("[data-once-words]").text_content()
        page.reload()
        once = page.content()
        pressed(page, "Revoke ci", "root admin")
        playwright.expect(page.locator("main")).to_contain_text("None. A program sends one", timeout=tabs.SECONDS)
        cookies = page.context.cookies()
    return {"users": users, "token": token, "once": once, "cookies": cookies, "address": address}


def test_first_link_to_revoked_token_by_keys_alone(admin: dict[str, Any]) -> None:
    assert admin["token"].startswith("vpt_")
    assert admin["token"] not in admin["once"]
    assert admin["users"].startswith(f"{admin['address']}/first/")
    assert [cookie["httpOnly"] for cookie in admin["cookies"]] == [True]


def test_what_is_wrong_is_told_and_the_name_is_still_there(admin: dict[str, Any], chromium: Any) -> None:
    with tabs.tab(chromium, but=("401",)) as page:
        page.goto(f"{admin['address']}/people?x=1")
        typed(page, "root", "a wrong one")
        wrong = page.get_by_role("alert")
        playwright.expect(wrong).to_have_text("The name or the password is wrong.", timeout=tabs.SECONDS)
        assert page.input_value("[name=name]") == "root"

        typed(page, peopling.PASSWORD)

        playwright.expect(page.locator("h1")).to_have_text("Users and teams", timeout=tabs.SECONDS)
        assert page.url == f"{admin['address']}/people?x=1"


def test_team_is_made_its_things_are_kept_and_a_user_is_in_it(admin: dict[str, Any], chromium: Any) -> None:
    with tabs.tab(chromium, but=("409",)) as page:
        page.context.add_cookies(admin["cookies"])
        page.goto(f"{admin['address']}/people")
        page.get_by_label("Name of a new team").fill("racks")
        page.get_by_role("button", name="Make a team").click()
        page.get_by_label("Devices, one on a line").fill("stb1\n stb2 \n\n")
        page.get_by_role("button", name="Keep what racks owns").click()
        playwright.expect(page.get_by_label("Devices, one on a line")).to_have_value("stb1\nstb2", timeout=tabs.SECONDS)
        page.get_by_label("ben in racks").check()
        page.get_by_role("button", name="Set the teams of ben").click()
        playwright.expect(page.locator("section.card")).to_contain_text("ben", timeout=tabs.SECONDS)
        page.get_by_label("Role of root", exact=True).select_option("viewer")
        page.get_by_role("button", name="Set the role of root").click()
        said = page.locator("[data-said]")
        playwright.expect(said).to_contain_text("nobody would be an admin any more", timeout=tabs.SECONDS)

        page.goto(f"{admin['address']}/people/audit?what=api-team-change")
        playwright.expect(page.locator("tbody")).to_contain_text("team racks", timeout=tabs.SECONDS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_fit_and_are_accessible(admin: dict[str, Any], chromium: Any, width: int, scheme: str) -> None:
    address = admin["address"]
    with tabs.tab(chromium, width, scheme) as page:
        for path in (f"{address}/sign-in?next=/lab", admin["users"]):
            page.goto(path)
            tabs.fits(page)
        page.context.add_cookies(admin["cookies"])
        for path, words in {"/me": "Where you are signed in", "/people": "Users and teams",
                            "/people/audit": "Audit log", "/": "Runs"}.items():  # fmt: skip
            page.goto(f"{address}{path}")
            playwright.expect(page.locator("main")).to_contain_text(words, timeout=tabs.SECONDS)
            tabs.fits(page)
