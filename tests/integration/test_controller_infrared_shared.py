"""One daemon of LIRC's for several devices, used by several processes: nothing that they send mixes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

from lircds import GAP, Lircd, nec, several, told
from until import until
from virtualpytest_host.controllers.infrared import Infrared

OK = nec(0x20DF22DD)
REPEATED = [9000, 2250, 560]


PRESSING = """
import sys
from virtualpytest_host.controllers.infrared import Infrared
socket, codes, emitter, count = sys.argv[1:]
remote = Infrared(codes, socket, emitters=[int(emitter)])
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(count)):
    remote.hold("OK", 0.01) if number % 5 == 4 else remote.press(["OK", "POWER"][number % 2])
"""


def test_two_processes_with_one_daemon_never_send_with_each_others_emitters(lircd: Lircd) -> None:
    count = 15
    with several(lircd) as (path, emitters):
        command = [sys.executable, "-c", PRESSING, path]
        rows = [("horizon", "1"), ("tv", "3")]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        processes = [subprocess.Popen([*command, *row, str(count)], **pipes) for row in rows]  # type: ignore[call-overload]
        for process in processes:
            process.stdout.readline()
        for process in processes:
            process.stdin.write(b"go\n")
            process.stdin.flush()
        codes = [process.wait(120) for process in processes]
        for process in processes:
            process.stdin.close()
            process.stdout.close()

    assert codes == [0, 0]
    sent = {(chosen, command.split()[1]) for chosen, command in emitters.sent}
    assert sent == {(0b001, "horizon"), (0b100, "tv")}
    assert len([one for one in emitters.sent if "SEND_STOP" not in one[1]]) == 2 * count
    changes = sum(before[0] != after[0] for before, after in zip(emitters.sent, emitters.sent[1:], strict=False))
    assert changes > 2, "the two never met"
    frames = {tuple(frame) for frame in lircd.frames()} - {tuple(REPEATED)}
    assert {tuple(OK), tuple(nec(0x20DF10EF))} < frames
    assert len(frames) == 4  # two keys of each, none of them torn


def test_emitters_that_the_hardware_has_not_are_an_error(lircd: Lircd) -> None:
    message = told(Infrared("horizon", lircd.socket, emitters=[2]))

    assert message == f"{lircd.socket}: SET_TRANSMITTERS 2: hardware does not support multiple transmitters"
    Infrared("horizon", lircd.socket).press("OK")  # none were chosen


def test_device_without_emitters_does_not_send_with_those_of_another(lircd: Lircd) -> None:
    with several(lircd) as (path, emitters):
        Infrared("horizon", path, emitters=[2]).press("OK")

        message = told(Infrared("tv", path))

    assert message == (
        f"{path}: emitter 2 was chosen before, for another device; say which are this one's: emitters = [...]"
    )
    assert emitters.sent == [(0b10, "SEND_ONCE horizon KEY_OK")]


HOLDING = """
import sys
from virtualpytest_host.controllers.infrared import Infrared
Infrared("horizon", sys.argv[1]).hold("OK", 60)
"""


def test_key_held_by_a_process_that_was_killed_is_let_go_of_by_the_next(lircd: Lircd) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDING, lircd.socket])
    until(lambda: len(lircd.frames()) > 2)
    process.kill()
    process.wait()

    Infrared("tv", lircd.socket).press("OK")

    held = len(lircd.frames())
    time.sleep(3 * GAP)
    assert len(lircd.frames()) == held


def test_key_that_another_program_holds_is_an_error_that_says_so(lircd: Lircd, remote: Infrared) -> None:
    subprocess.run(["irsend", f"--device={lircd.socket}", "SEND_START", "tv", "KEY_OK"], check=True, timeout=20)

    assert told(remote) == f"{lircd.socket}: SEND_ONCE horizon KEY_OK: busy: repeating"

    subprocess.run(["irsend", f"--device={lircd.socket}", "SEND_STOP", "tv", "KEY_OK"], check=True, timeout=20)
    remote.press("OK")


def test_nobody_else_sends_while_a_key_is_held(lircd: Lircd) -> None:
    thread = threading.Thread(target=Infrared("horizon", lircd.socket).hold, args=["OK", 0.8])
    thread.start()
    until(lambda: len(lircd.frames()) > 1)

    Infrared("tv", lircd.socket).press("OK")

    thread.join()
    tv = [number for number, frame in enumerate(lircd.frames()) if frame not in (OK, REPEATED)]
    assert tv == [len(lircd.frames()) - 1]


def test_daemon_is_one_under_two_names(lircd: Lircd, tmp_path: Path) -> None:
    (tmp_path / "other").symlink_to(lircd.socket)

    assert Infrared("tv", str(tmp_path / "other")).resources() == Infrared("tv", lircd.socket).resources()
    assert Infrared("tv", lircd.socket, [1]).resources() != Infrared("tv", lircd.socket, [2]).resources()
    assert Infrared("tv", "192.0.2.3:8765").resources() == ["192.0.2.3:8765#/tv"]
