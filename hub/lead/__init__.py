"""Leads: what opens one, how it goes on, and how it reaches a person."""
