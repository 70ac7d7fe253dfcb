"""Run the `virtualpytest` command."""

import sys

from pytest_virtualpytest.cli.command import main

if __name__ == "__main__":
    sys.exit(main())
