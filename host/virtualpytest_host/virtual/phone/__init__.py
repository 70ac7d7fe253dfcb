"""A virtual phone: it speaks the ADB device protocol, has apps of its own, and draws them."""
