"""What the dashboard has read, kept beside the results: everything in it can be read again from the folders."""
