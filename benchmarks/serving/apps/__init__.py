"""The programs that are compared; each is started in a process of its own."""
