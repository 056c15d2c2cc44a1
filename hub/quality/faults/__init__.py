"""Which devices lie, judged offline over a whole network: see docs/detection.md."""
