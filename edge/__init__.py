"""What runs on a gateway: drivers, outbox, uplink."""
