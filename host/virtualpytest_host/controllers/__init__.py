"""One module for each technique that drives a device."""
