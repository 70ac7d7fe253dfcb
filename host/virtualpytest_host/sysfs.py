"""Read what the kernel tells in the small files of /proc and /sys."""

from __future__ import annotations

from pathlib import Path


def text(path: Path) -> str:
    """Return what *path* says, empty where it is not there or does not want to tell."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def folders(place: Path) -> list[Path]:
    """Return what is in the folder *place*, nothing where there is no such folder."""
    return sorted(place.iterdir()) if place.is_dir() else []


def memory(root: Path = Path("/")) -> dict[str, int]:
    """Return what /proc/meminfo says, in KiB."""
    lines = (line.partition(":") for line in text(root / "proc/meminfo").splitlines())
    return {name: int(rest.split()[0]) for name, _, rest in lines if rest.split()}


def resident(pid: int) -> int:
    """Return the bytes of memory that process *pid* takes; 0 where it does not tell."""
    lines = text(Path(f"/proc/{pid}/status")).splitlines()
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
