"""Plantower PMS particle counters."""
