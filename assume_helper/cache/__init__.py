"""Sessions kept between calls: the entries, how and where they are stored, and the lock of each key."""
