"""The keyboard on the virtual product's search screen: where the focus goes, and what each key does."""

from __future__ import annotations

from dataclasses import dataclass

_BOTTOM = ("SHIFT", "SHIFT", " ", " ", " ", " ", "DELETE", "DELETE", "DONE", "DONE")
LOWER = (*map(tuple, ("1234567890", "qwertyuiop", "asdfghjkl-", "zxcvbnm.@_")), _BOTTOM)
UPPER = (*map(tuple, ("!\"#$%&/()=", "QWERTYUIOP", "ASDFGHJKL+", "ZXCVBNM,:;")), _BOTTOM)
_STEPS = {"Up": (-1, 0), "Down": (1, 0), "Left": (0, -1), "Right": (0, 1)}
_LONGEST = 40


@dataclass
class Keypad:
    """The focus is on a cell; a row is left at one end and entered at the other, a column is not.

    A wide key is several cells of one name. After SHIFT one letter is a capital.
    """

    row: int = 1
    column: int = 0
    upper: bool = False
    typed: str = ""

    def __str__(self) -> str:
        return f"{'upper' if self.upper else 'lower'}:{self.key}:{self.typed}"

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The keys of the page that is shown."""
        return UPPER if self.upper else LOWER

    @property
    def key(self) -> str:
        """The key that has the focus."""
        return self.rows[self.row][self.column]

    def move(self, key: str) -> None:
        """Move the focus, by the name of an arrow key."""
        down, across = _STEPS[key]
        row, left = self.rows[self.row], self.key
        self.row = min(len(self.rows) - 1, max(0, self.row + down))
        while across:
            self.column = (self.column + across) % len(row)
            if row[self.column] != left:
                return

    def select(self) -> bool:
        """Press the key that has the focus; tell whether that is the last one."""
        key = self.key
        if key == "SHIFT":
            self.upper = not self.upper
        elif key == "DELETE":
            self.typed = self.typed[:-1]
        elif key != "DONE":
            self.typed, self.upper = (self.typed + key)[:_LONGEST], False
        return key == "DONE"
