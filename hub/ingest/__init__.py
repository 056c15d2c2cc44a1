"""From what the broker brings to what is committed: accept, journal, acknowledge."""
