"""assume-helper: a credential_process for AWS that assumes a role and caches the session."""
