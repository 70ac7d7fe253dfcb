"""What every controller must do: checks to subclass, for a lab's own controllers as for ours.

::

    class TestAmplifier(testing.Controllers, testing.Remotes):
        @pytest.fixture
        def controller(self):
            return Amplifier("127.0.0.1:7000")  # made, not opened

`Controllers` goes with one class for each capability that the controller gives; it fails if one is missing.
The device may be a real one: keys are pressed, files written and removed, the supply switched.
"""

from virtualpytest_host.testing.controllers import Absent, Controllers
from virtualpytest_host.testing.hands import Pointers, Remotes, Streams, Supplies, Touches, Uis
from virtualpytest_host.testing.inside import HOSTILE, Consoles, Logbooks, Programs, Shells, Storages
from virtualpytest_host.testing.network import Captures, Impairments, Networks

__all__ = [
    "HOSTILE", "Absent", "Captures", "Consoles", "Controllers", "Impairments", "Logbooks", "Networks", "Pointers",
    "Programs", "Remotes", "Shells", "Storages", "Streams", "Supplies", "Touches", "Uis",
]  # fmt: skip
