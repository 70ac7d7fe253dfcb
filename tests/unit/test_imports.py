"""What is imported, and what is not: whoever needs little must not pay for much."""

from __future__ import annotations

import subprocess
import sys

import pytest

CONTRACT = ("capabilities", "exceptions", "models", "targets", "wire", "config.records")


def imported(code: str, *names: str) -> list[str]:
    """Return which of *names* are imported once *code* has run in a Python of its own."""
    asked = f"{code}\nimport sys\nprint([name for name in {names!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True, timeout=60)
    return list(eval(done.stdout))


def test_package_imports_nothing_slow() -> None:
    slow = ("pytest", "execnet", "pydantic", "numpy", "cv2", "av", "starlette", "pyautogui")

    assert imported("import pytest_virtualpytest", *slow) == []


def test_what_a_test_imports_needs_no_pytest() -> None:
    code = "from pytest_virtualpytest import Appears, Black, Key, Motion, Region, NotSeen"

    assert imported(code, "pytest", "execnet", "pydantic", "numpy") == []


@pytest.mark.parametrize("module", CONTRACT)
def test_contract_imports_neither_pytest_nor_execnet(module: str) -> None:
    assert imported(f"import pytest_virtualpytest.{module}", "pytest", "execnet") == []


def test_plugin_imports_nothing_slow() -> None:
    slow = ("execnet", "pydantic", "numpy", "cv2", "av", "starlette", "httpx", "xdist", "virtualpytest_host")

    assert imported("import pytest_virtualpytest.plugin", *slow) == []


def test_every_public_name_is_there() -> None:
    import pytest_virtualpytest

    assert dir(pytest_virtualpytest) == sorted(pytest_virtualpytest.__all__)
    assert all(getattr(pytest_virtualpytest, name).__name__ == name for name in pytest_virtualpytest.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Imag'"):
        pytest_virtualpytest.Imag  # noqa: B018
