"""Virtual devices: separate processes that speak real protocols on loopback."""
