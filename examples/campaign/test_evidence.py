"""What a failure leaves to look at: open its page in the dashboard."""

from pytest_virtualpytest import Key


def test_fails_on_purpose_to_show_its_evidence(live):
    live.mark("the guide is opened, though the settings are looked for")
    live.remote.press(Key.GUIDE)

    live.screen.wait_for("settings-header.png", timeout=3)
