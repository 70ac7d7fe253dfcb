"""What begins campaigns when nobody looks, and what people choose to run."""
