"""What can be wrong, one check at a time, each with the way to fix it."""
