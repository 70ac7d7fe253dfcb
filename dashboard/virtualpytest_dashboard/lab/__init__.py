"""The lab in the dashboard: hosts, devices, live pictures, and a person's hands on a device."""
