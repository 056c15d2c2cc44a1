"""Sensirion SPS30 particle counters."""
