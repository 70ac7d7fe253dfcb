"""The wheel of virtualpytest that goes to a host: one that is there, else what is installed here, packed.

It is packed from the packages as they run here, in an ordinary installation as in a source tree, so that
both sides are of one make; that needs neither a build tool nor the network.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from pytest_virtualpytest.exceptions import VirtualPytestError

PACKAGES = ("pytest_virtualpytest", "virtualpytest_host", "virtualpytest_dashboard")
_OURS = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}  # of this installation, not of the wheel


def made(folder: Path) -> Path:
    """Return the wheel of what is installed here, packed into *folder*."""
    version = metadata.version("virtualpytest")
    path = folder / f"virtualpytest-{version}-py3-none-any.whl"
    about, record = f"virtualpytest-{version}.dist-info", list[str]()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in [*_code(), *_facts(about)]:
            wheel.writestr(name, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(data)}")
        wheel.writestr(f"{about}/RECORD", "\n".join([*record, f"{about}/RECORD,,", ""]))
    return path


def among(folder: Path) -> tuple[list[Path], Path | None]:
    """Return the wheels in *folder*, and the one that is of this version, if there is one."""
    wheels = sorted(folder.glob("*.whl"))
    if not wheels:
        raise VirtualPytestError(
            f"no wheels in {folder}; fill it with: pip download --only-binary :all: -d {folder} 'virtualpytest[host]'"
        )
    start = f"virtualpytest-{metadata.version('virtualpytest')}-"
    return wheels, next((wheel for wheel in wheels if wheel.name.startswith(start)), None)


def _code() -> Iterator[tuple[str, bytes]]:
    for package in PACKAGES:
        spec = find_spec(package)
        places = list(spec.submodule_search_locations or ()) if spec else []
        if not places or not Path(places[0]).is_dir():
            raise VirtualPytestError(
                f"{package} is not installed as files here, so that no wheel can be packed; "
                "build one, `pip wheel --no-deps -w wheels SOURCES`, and give its folder with --wheels"
            )
        root = Path(places[0])
        for path in sorted(root.rglob("*")):
            within = path.relative_to(root)
            hidden = any(part.startswith(".") or part == "__pycache__" for part in within.parts)
            if path.is_file() and not hidden and path.suffix != ".pyc":
                yield f"{package}/{within.as_posix()}", path.read_bytes()


def _facts(about: str) -> Iterator[tuple[str, bytes]]:
    for file in metadata.distribution("virtualpytest").files or ():
        if ".dist-info" in file.parts[0] and file.name not in _OURS:
            yield f"{about}/{'/'.join(file.parts[1:])}", Path(str(file.locate())).read_bytes()
