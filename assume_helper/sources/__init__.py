"""What a session is made from: an access key, a process, metadata, a token, an MFA code."""
