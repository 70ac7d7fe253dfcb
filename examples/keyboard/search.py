"""The search screen of the virtual product."""

from pytest_virtualpytest import Color, Device, Keyboard, KeyPage, Page, Region, Text

BOTTOM = ["SHIFT", "SHIFT", " ", " ", " ", " ", "DELETE", "DELETE", "DONE", "DONE"]
PAGES = {
    "lower": KeyPage(["1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm.@_", BOTTOM], switches={"SHIFT": "upper"}),
    "upper": KeyPage(
        ['!"#$%&/()=', "QWERTYUIOP", "ASDFGHJKL+", "ZXCVBNM,:;", BOTTOM], switches={"SHIFT": "lower"}, back="lower"
    ),
}


class Search(Page):
    """What is searched for, and the keyboard to type it on."""

    shows = Text("Search", region=Region(40, 20, 600, 100))

    @property
    def keyboard(self) -> Keyboard:
        """The keyboard, the focus of which is blue."""
        focus = Color("#207ae2", share=0.5)
        return Keyboard(self.device, PAGES, start="q", wrap="rows", at=Region(140, 250, 1000, 420), focus=focus)


def open_search(stb: Device) -> Search:
    """Return the search screen, just opened."""
    stb.remote.press("BACK")
    return Search.wait_for(stb, since=stb.remote.press("SEARCH"))
