"""Position and speed from an NMEA 0183 receiver."""
