"""The instruments themselves at byte level: one file a kind, bytes in and bytes out, no port and no clock."""
