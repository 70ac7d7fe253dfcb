"""What a frame shows."""
