"""`virtualpytest host`: the machines of a lab, one module for each noun."""

from pytest_virtualpytest.cli.host.command import add

__all__ = ["add"]
