"""How credentials leave: a shell's lines, a program's environment, an endpoint."""
