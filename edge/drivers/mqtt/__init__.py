"""Feeds of JSON over MQTT, for example of a patrol vehicle."""
