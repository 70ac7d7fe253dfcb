"""The fixtures: one for each kind of device, and `lab`, `devices`, `measure`."""
