"""Honeywell HPM particle counters."""
