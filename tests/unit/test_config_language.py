"""The language that a device's screen is read in."""

from __future__ import annotations

import pytest
from lab_files import loaded, problems

pytestmark = pytest.mark.usefixtures("lab_folder")

DEVICE = '[devices.stb1]\nvirtual = "stb"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DEVICE, "eng"),
        (f'lang = "deu"\n{DEVICE}', "deu"),
        (f'{DEVICE}lang = "eng+rus"\n', "eng+rus"),
        (f'lang = "deu"\n{DEVICE}lang = "chi_sim"\n', "chi_sim"),
    ],
)
def test_language_is_the_devices_or_the_labs_or_english(text: str, expected: str) -> None:
    assert loaded(text).devices["stb1"].lang == expected


@pytest.mark.parametrize("word", ["", "de utsch", "../eng", "eng+"])
def test_what_is_no_language_is_told(word: str) -> None:
    wrong = problems(f'lang = "{word}"\n{DEVICE}lang = "{word}"\n')

    said = f"{word!r} is no language; write 'eng', or 'eng+deu'"
    assert wrong == [f"lab.toml: lang: {said}", f"lab.toml: devices.stb1.lang: {said}"]
