"""Limits, levels, thresholds and ranges: versioned tables with their sources."""
