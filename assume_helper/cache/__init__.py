"""Sessions on disk: entries, their directory, their encryption, their locks."""
