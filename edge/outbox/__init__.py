"""The outbox: readings on disk until the hub has them."""

from edge.outbox.chain import Chain, Identity
from edge.outbox.log import Limits
from edge.outbox.outbox import Outbox

__all__ = ["Chain", "Identity", "Limits", "Outbox"]
