"""Power distribution units for tests: snmpsim, which nobody here wrote, with outlets that can be written to."""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import snmpsim
from until import until

USER, PASSWORD, PRIVACY = "operator", "correct horse", "battery staple"
COMMUNITY = "s3cr3t"
_OUTLETS = Path(__file__).parent / "snmpsim_outlets"


@dataclass
class Pdu:
    """A unit: the port that it answers at, and its process."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it is."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, with the outlets as they were left."""
        group = grp.getgrgid(os.getgid()).gr_name
        modules = [_OUTLETS, Path(snmpsim.__file__).parent / "variation"]
        options = [
            f"--data-dir={self.folder / 'data'}", f"--cache-dir={self.folder / 'cache'}",
            f"--process-user={getpass.getuser()}", f"--process-group={group}",
            *(f"--variation-modules-dir={path}" for path in modules), f"--v3-user={USER}", f"--v3-auth-key={PASSWORD}",
            "--v3-auth-proto=SHA", f"--v3-priv-key={PRIVACY}", "--v3-priv-proto=AES",
            f"--agent-udpv4-endpoint={self.address}",
        ]  # fmt: skip
        code = "from snmpsim.commands.responder import main; main()"
        log = self.folder / "log"
        with log.open("ab") as file:
            self.process = subprocess.Popen([sys.executable, "-c", code, *options], stdout=file, stderr=file)
        until(lambda: f"Listening at UDP/IPv4 endpoint {self.address}" in log.read_text() or self._ended(), 60.0)
        assert not self._ended(), log.read_text()

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None
            (self.folder / "log").unlink()


    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None


@contextlib.contextmanager
def running(folder: Path, records: Mapping[str, str]) -> Iterator[Pdu]:
    """Run a unit that has *records* by object identifier, in snmpsim's words: ``2:outlet|outlet=1,on=1,off=2``."""
    (folder / "data").mkdir()
    lines = sorted(records.items(), key=lambda item: [int(part) for part in item[0].split(".")])
    for name in (COMMUNITY, "self"):  # self: what a user of version 3 sees
        (folder / "data" / f"{name}.snmprec").write_text("".join(f"{oid}|{record}\n" for oid, record in lines))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    pdu = Pdu(folder, port)
    pdu.start()
    try:
        yield pdu
    finally:
        pdu.stop()
