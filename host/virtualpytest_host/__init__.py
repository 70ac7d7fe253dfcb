"""What runs on a host machine, next to the devices."""
