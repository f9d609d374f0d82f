"""What can be wrong, and what mends it."""
