"""When the sound comes back after a change of channel."""

from __future__ import annotations

from virtualpytest_host.recording import Recording
from virtualpytest_host.sound.blocks import Block, blocks, heard

SILENT = -60.0  # dBFS
_QUIET = 0.06  # seconds of silence that are more than a dip


def back(recording: Recording, since: float, until: float, settled: float) -> tuple[bool, Block | None]:
    """Return whether the sound went away after *since*, and the first block of its return, sought *until* then.

    Sound that has not gone away by *settled* does not.
    """
    if not heard(recording):
        return False, None
    quiet, gone = 0.0, False
    for block in blocks(recording, since, lambda: until):
        if block.level >= SILENT:
            if gone:
                return True, block
            quiet = 0.0
        else:
            quiet += block.seconds
            gone = gone or quiet >= _QUIET
        if block.captured > (until if quiet else settled):
            break
    return gone, None
