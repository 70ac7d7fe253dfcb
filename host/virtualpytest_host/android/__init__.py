"""Android devices over ADB: the connection, and each thing that is done with it."""
