"""What a person types: commands, options, and what they print."""
