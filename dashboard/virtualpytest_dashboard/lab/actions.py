"""What a page may ask to be done with a device in its hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from virtualpytest_dashboard.lab.control import Hold

_Pixel = Annotated[int, Field(ge=0, le=20_000)]
_Command = Annotated[str, Field(min_length=1, max_length=2000)]
_Point = tuple[_Pixel, _Pixel]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Press(_Asked):
    """Press and release a key."""

    do: Literal["press"]
    key: Annotated[str, Field(min_length=1, max_length=60)]

    def on(self, hold: Hold) -> None:
        """Do it."""
        hold.device.remote.press(self.key)


class Type(_Asked):
    """Enter a text."""

    do: Literal["type"]
    text: Annotated[str, Field(min_length=1, max_length=500)]

    def on(self, hold: Hold) -> None:
        """Do it."""
        hold.device.remote.type(self.text)


class Tap(_Asked):
    """Touch a place, in pixels of the device's picture."""

    do: Literal["tap"]
    x: _Pixel
    y: _Pixel

    def on(self, hold: Hold) -> None:
        """Do it."""
        hold.device.touch.tap(self.x, self.y)


class Swipe(_Asked):
    """Draw a finger through two points, or more."""

    do: Literal["swipe"]
    points: Annotated[list[_Point], Field(min_length=2, max_length=100)]
    seconds: Annotated[float, Field(gt=0, le=10)] = 0.3

    def on(self, hold: Hold) -> None:
        """Do it."""
        hold.device.touch.swipe(*self.points, seconds=self.seconds)


class Power(_Asked):
    """Switch the supply."""

    do: Literal["power"]
    to: Literal["on", "off", "cycle"]

    def on(self, hold: Hold) -> None:
        """Do it."""
        switch: Callable[[], None] = getattr(hold.device.power, self.to)
        switch()


class Shell(_Asked):
    """Run a command in the device's shell, and tell what it came to."""

    do: Literal["shell"]
    command: _Command
    seconds: Annotated[float, Field(gt=0, le=120)] = 30.0

    def on(self, hold: Hold) -> dict[str, Any]:
        """Do it."""
        return hold.terminal.run(self.command, self.seconds)


class Follow(_Asked):
    """Begin a command that goes on: what it prints is told to the page that keeps the device."""

    do: Literal["follow"]
    command: _Command

    def on(self, hold: Hold) -> None:
        """Do it."""
        hold.terminal.follow(self.command)


class Leave(_Asked):
    """End the command that is followed."""

    do: Literal["leave"]

    def on(self, hold: Hold) -> None:
        """Do it."""
        hold.terminal.leave()


Action = Annotated[Press | Type | Tap | Swipe | Power | Shell | Follow | Leave, Field(discriminator="do")]
ACTION: TypeAdapter[Action] = TypeAdapter(Action)
