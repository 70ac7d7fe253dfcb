"""The process that makes a link worse, and lets it be as it was when whoever has started it ends, however that is.

    python -m virtualpytest_host.network.guardian INTERFACE LOCK

Each line that it reads is an impairment, or null; each line that it writes is an answer: ``{}`` or ``{"error": …}``.
At the end of its input, and on SIGTERM, it undoes everything. It runs in the namespace of the interface.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator

from pytest_virtualpytest.exceptions import DeviceError, VirtualPytestError
from pytest_virtualpytest.traffic import Impairment
from virtualpytest_host.network.control import Control, Unsupported
from virtualpytest_host.network.relay import Relay
from virtualpytest_host.network.shaping import shape
from virtualpytest_host.use import Use


def serve(control: Control) -> None:
    """Impair the link as the lines of our input say, until they end."""
    with contextlib.ExitStack() as undo:
        undo.callback(control.clean)
        while line := sys.stdin.readline():
            relay = None
            try:
                control.clean()
                relay = _impaired(control, line)
                told = {}
            except (VirtualPytestError, OSError) as error:
                told = {"error": str(error)}
            _answer(told)
            if relay is not None:
                with contextlib.closing(relay):
                    relay.run(sys.stdin.fileno())


def _impaired(control: Control, line: str) -> Relay | None:
    """Impair the link as *line* says; return the relay that must run for it, if the kernel does not do it alone."""
    told = json.loads(line)
    if told is None:
        return None
    impairment = Impairment(**told)
    try:
        shape(control, impairment)
    except Unsupported:
        return Relay(control, impairment)
    return None


def _answer(told: dict[str, str]) -> None:
    with contextlib.suppress(BrokenPipeError):  # our client has gone: the end of our input follows
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """Keep others from changing the link *name* while the block runs; wait for one who is about to end."""
    use = Use(lambda: [name])
    with contextlib.closing(use), use.made():
        yield


def main() -> None:
    """Serve whoever started this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: our client ends by it, and we after it
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        with alone(sys.argv[2]):
            serve(Control(sys.argv[1]))
    except DeviceError as error:
        _answer({"error": error.message})
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
