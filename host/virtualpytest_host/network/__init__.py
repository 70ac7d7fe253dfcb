"""The network of a device, from this host: measurements, impairments of its link, capture of its traffic."""
