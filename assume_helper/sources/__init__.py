"""What a session is made from: access keys, processes, metadata, tokens of identity providers and MFA codes."""
