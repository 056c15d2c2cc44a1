"""Nova SDS011 particle counters."""
