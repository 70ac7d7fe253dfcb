"""What a stream sounds like."""
