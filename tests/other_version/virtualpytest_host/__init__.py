"""An agent of another version: put before the real one on PYTHONPATH."""
