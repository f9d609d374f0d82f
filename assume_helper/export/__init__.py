"""How credentials leave: as variables, to a program, from an endpoint for containers, or to sign in to the console."""
