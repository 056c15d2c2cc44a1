"""The field, simulated at byte level: an independent witness of the gateway's codecs, made of recorded air, sources and faults."""
