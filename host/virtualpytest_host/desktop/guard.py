"""What ends the programs that this process has started when it is killed, with all that they have started in turn.

A program whose parent ends is killed by the kernel if it asked for that, but not its own children. So a small shell
hears which process groups there are, and kills them once the pipe to it closes, however that came about.
"""

from __future__ import annotations

import subprocess

_SCRIPT = """
groups=
while read -r sign group; do
    case $sign in
        +) groups="$groups $group" ;;
        -) left=; for one in $groups; do [ "$one" = "$group" ] || left="$left $one"; done; groups=$left ;;
    esac
done
for one in $groups; do kill -KILL "-$one"; done
"""


class Guard:
    """The shell, started when there is something to guard."""

    def __init__(self) -> None:
        self._shell: subprocess.Popen[bytes] | None = None

    def add(self, group: int) -> None:
        """Kill the process group *group* when this process ends."""
        if self._shell is None or self._shell.poll() is not None:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True, bufsize=0,
            )  # fmt: skip
        self._tell(f"+ {group}\n")

    def remove(self, group: int) -> None:
        """Let *group* live on, or have its number used again."""
        if self._shell is not None and self._shell.poll() is None:
            self._tell(f"- {group}\n")

    def close(self) -> None:
        """End the shell, and whatever it still guards."""
        shell, self._shell = self._shell, None
        if shell is not None:
            assert shell.stdin is not None
            shell.stdin.close()
            shell.wait()

    def _tell(self, line: str) -> None:
        assert self._shell is not None
        assert self._shell.stdin is not None
        self._shell.stdin.write(line.encode())
