"""How credentials leave: as variables, to a program, or from an endpoint for containers."""
