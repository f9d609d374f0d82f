"""What can be wrong, and how to fix it."""
