"""One client of the phone: it says who it is, then opens streams, each to a service of its own.

    client  CNXN  →  phone  AUTH token      ask for a signature
            AUTH signature →   CNXN         known: welcome;  else AUTH token again
            AUTH public key →  CNXN         learnt: welcome
            OPEN "shell:true" → OKAY, WRTE…, CLSE      each WRTE is answered by OKAY before the next
"""

from __future__ import annotations

import collections
import contextlib
import socket
import threading
from collections.abc import Callable

from virtualpytest_host.virtual.faults import Faults
from virtualpytest_host.virtual.phone import packets
from virtualpytest_host.virtual.phone.keyring import Keyring
from virtualpytest_host.virtual.phone.packets import LARGEST, Packet

_VERSION = 0x01000000  # with checksums, for old clients
_FOREVER = 3600.0
_MIDWAY = 100_000  # bytes of a stream after which a connection is dropped, where it is to be


class Stream:
    """One stream of a client, as its service reads and writes it."""

    def __init__(self, link: Link, number: int, peer: int) -> None:
        self._link, self._number, self.peer = link, number, peer
        self._changed = threading.Condition()
        self._inbox: collections.deque[bytes] = collections.deque()
        self._rest = memoryview(b"")
        self._ready, self.open, self._passed = True, True, 0

    def read(self, length: int) -> bytes:
        """Return exactly *length* bytes; ConnectionError if the stream ends before."""
        pieces = []
        while length:
            if not self._rest:
                self._rest = self._next()
            pieces.append(self._rest[:length])
            self._rest = self._rest[len(pieces[-1]) :]
            length -= len(pieces[-1])
        return b"".join(pieces)

    def write(self, data: bytes) -> None:
        """Send *data*, as fast as the client takes it; ConnectionError once it has closed the stream."""
        most = self._link.most
        for begin in range(0, len(data), most):
            with self._changed:
                self._changed.wait_for(lambda: self._ready or not self.open)
                if not self.open:
                    raise ConnectionError("the stream was closed")
                self._ready = False
            piece = data[begin : begin + most]
            self._count(len(piece))
            self._link.send(Packet(packets.WRTE, self._number, self.peer, piece))

    def settle(self) -> None:
        """Wait until the client has taken all that was written."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or not self.open)

    def take(self, data: bytes) -> None:
        """Keep *data*, which the client has sent, until the service reads it."""
        self._count(len(data))
        with self._changed:
            self._inbox.append(data)
            self._changed.notify_all()

    def taken(self) -> None:
        """Note that the client has taken the last piece."""
        with self._changed:
            self._ready = True
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody wait for this any more."""
        with self._changed:
            self.open = False
            self._changed.notify_all()

    def _next(self) -> memoryview:
        with self._changed:
            self._changed.wait_for(lambda: self._inbox or not self.open)
            if not self._inbox:
                raise ConnectionError("the stream was closed")
            return memoryview(self._inbox.popleft())

    def _count(self, length: int) -> None:
        self._passed += length
        if self._passed > _MIDWAY:
            self._link.drop_if_told()


Serve = Callable[[Stream, str], None]


class Link:
    """One client's connection; *serve* does what a stream was opened for."""

    def __init__(
        self, connection: socket.socket, banner: bytes, keyring: Keyring, faults: Faults, serve: Serve
    ) -> None:
        self._connection, self._banner = connection, banner
        self._keyring, self._faults, self._serve = keyring, faults, serve
        self._token = keyring.token()
        self._sending = threading.Lock()
        self._streams: dict[int, Stream] = {}
        self._opened = 0
        self._welcome = False
        self.most = 4096

    def run(self) -> None:
        """Answer the client until it hangs up."""
        try:
            while True:
                packet = packets.receive(self._connection)
                self._faults.outlast("hang", _FOREVER)
                self._take(packet)
        except (OSError, ValueError):
            pass
        finally:
            for stream in list(self._streams.values()):
                stream.close()

    def send(self, packet: Packet) -> None:
        """Send *packet*."""
        self._faults.outlast("hang", _FOREVER)
        data = packet.packed()
        with self._sending:
            self._connection.sendall(data)

    def drop_if_told(self) -> None:
        """Hang up in the middle of a transfer, where a fault says so."""
        if self._faults.on("drop"):
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def _take(self, packet: Packet) -> None:
        if packet.command == packets.CNXN:
            self.most = min(packet.second, LARGEST)
            self._ask()
        elif packet.command == packets.AUTH:
            self._judge(packet)
        elif not self._welcome:
            raise ConnectionError("nobody is told who has not said who it is")
        elif packet.command == packets.OPEN:
            self._open(packet)
        elif (stream := self._streams.get(packet.second)) is not None:
            self._pass(stream, packet)

    def _ask(self) -> None:
        self._token = self._keyring.token()
        self.send(Packet(packets.AUTH, packets.TOKEN, 0, self._token))

    def _judge(self, packet: Packet) -> None:
        """Welcome who has signed the token, or offers a key to be known by."""
        rejected = self._faults.on("reject")
        if packet.first == packets.PUBLIC_KEY and not rejected:
            self._keyring.learn(packet.data)
            self._greet()
        elif packet.first == packets.SIGNATURE:
            known = not rejected and self._keyring.knows(packet.data, self._token)
            self._greet() if known else self._ask()

    def _greet(self) -> None:
        self._welcome = True
        self.send(Packet(packets.CNXN, _VERSION, LARGEST, self._banner))

    def _open(self, packet: Packet) -> None:
        self._opened += 1
        number, service = self._opened, packet.data.rstrip(b"\0").decode(errors="surrogateescape")
        stream = self._streams[number] = Stream(self, number, packet.first)
        self.send(Packet(packets.OKAY, number, packet.first))
        threading.Thread(target=self._attend, args=(number, stream, service), daemon=True).start()

    def _attend(self, number: int, stream: Stream, service: str) -> None:
        with contextlib.suppress(OSError):
            self._serve(stream, service)
            stream.settle()
        if self._streams.pop(number, None):
            with contextlib.suppress(OSError):
                self.send(Packet(packets.CLSE, number, stream.peer))

    def _pass(self, stream: Stream, packet: Packet) -> None:
        if packet.command == packets.OKAY:
            stream.taken()
        elif packet.command == packets.WRTE:
            stream.take(packet.data)
            self.send(Packet(packets.OKAY, packet.second, packet.first))
        elif packet.command == packets.CLSE:
            self._streams.pop(packet.second, None)
            stream.close()
            self.send(Packet(packets.CLSE, packet.second, packet.first))
