from search import Search, open_search

from pytest_virtualpytest import Not, Text


def test_what_is_typed_is_shown(stb):
    search = open_search(stb)

    typed = search.keyboard.type_text("Paper Moon 2")

    stb.screen.wait_for(Text("Paper Moon 2", region=(140, 150, 1000, 72), case=True), since=typed)


def test_done_closes_the_keyboard(stb):
    search = open_search(stb)

    done = search.keyboard.press("DONE")

    stb.screen.wait_for(Not(Search.target()), since=done)
