"""Position and speed from a vehicle terminal that speaks JT/T 808."""
