"""The operating system: processes, the terminal, the environment, deadlines and private files."""
