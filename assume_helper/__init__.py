"""assume-helper: the credential_process that assumes a role and remembers it."""
