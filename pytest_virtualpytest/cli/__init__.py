"""The `virtualpytest` command, one module for each noun."""
