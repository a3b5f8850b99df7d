"""What the command line does, one command a file. Each is imported only when it was asked for."""
