"""The `virtualpytest` command, one module for each noun."""

from pytest_virtualpytest.cli.command import main

__all__ = ["main"]
