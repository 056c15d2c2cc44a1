"""Areas: where they lie, what is laid to them, how they stand."""
