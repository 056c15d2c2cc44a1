"""Leads, tickets and level changes: what people act on. The judge opens, people and the push task go on."""

from hub.registry.registry import Registry
from hub.registry.values import DuePush, Episode, Lead, LevelChange, PushState, StoredOpening, Ticket

__all__ = ["DuePush", "Episode", "Lead", "LevelChange", "PushState", "Registry", "StoredOpening", "Ticket"]
