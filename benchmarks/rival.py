"""What benchmarks/call.py races against: the same answer over HTTP, by Starlette and uvicorn.

uvicorn binds the port itself. On a socket that it is given (``sockets=``, ``--fd``) asyncio leaves Nagle's
algorithm on, since such a socket's protocol number is 0; each answer then waits 40 ms for a delayed
acknowledgement, and the race would be won by that alone.
"""

from __future__ import annotations

import asyncio
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def call(request: Request) -> JSONResponse:
    """Answer one call."""
    body = await request.json()
    return JSONResponse({"value": True, "device": body["device"]})


app = Starlette(routes=[Route("/call", call, methods=["POST"])])


class Server(uvicorn.Server):
    """A server that prints its port once it listens."""

    async def startup(self, sockets: object = None) -> None:
        """Listen."""
        await super().startup()
        sys.stdout.write(f"{self.servers[0].sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False)).serve())
