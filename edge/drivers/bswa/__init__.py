"""BSWA sound level meters."""
