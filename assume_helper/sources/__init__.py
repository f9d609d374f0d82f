"""What a session is made from: access keys, processes, metadata, web identity tokens and MFA codes."""
