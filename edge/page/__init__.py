"""The gateway's own page: what its instruments say, for whoever stands beside it."""
