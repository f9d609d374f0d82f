"""What a person types: the commands, their options, their output, and errors as exit codes."""
