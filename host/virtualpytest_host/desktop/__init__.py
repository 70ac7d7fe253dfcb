"""What the desktop controller is made of: one module for each thing that is done with an X display."""
