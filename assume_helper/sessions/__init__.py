"""A profile in, a session out: cached, shared between processes, refreshed ahead."""
