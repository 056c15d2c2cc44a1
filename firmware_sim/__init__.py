"""The field, simulated at byte level: recorded air, sources and faults, and an independent witness of the codecs."""
