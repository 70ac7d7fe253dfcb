"""Codes of infrared remotes: read as people publish them, and written as LIRC's daemon reads them."""
