"""Tests spread over the devices of all hosts by pytest-xdist: who runs what next, and what happens when things die."""
