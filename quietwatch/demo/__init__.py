"""The whole line on one machine: broker, field, gateways, hub and map, on real Beijing air, faster than life."""
