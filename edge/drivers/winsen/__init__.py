"""Winsen gas modules."""
