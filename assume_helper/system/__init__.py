"""The operating system: processes, the terminal, private files, deadlines."""
