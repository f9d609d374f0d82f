"""A profile in, a session out: from the cache, or from one call to STS for all who wait."""
