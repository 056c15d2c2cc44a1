"""What can be wrong with bytes that claim to be an envelope.

WireError
├── NotAnEnvelope      the bytes are not of this format at all
├── BadSignature       the format is right, the key is not
└── UnusablePayload    signed by the right key, but its content breaks the contract
"""


class WireError(Exception):
    """Something is wrong with an envelope.

    Attributes:
        reason: one sentence for the quarantine, in words a person can act on.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAnEnvelope(WireError):
    """The bytes are not an envelope: wrong magic, unknown format, wrong length."""


class BadSignature(WireError):
    """The signature does not verify under the gateway's key."""


class UnusablePayload(WireError):
    """Authentic, but the content cannot be used: wrong shapes, lengths that differ, unknown kind."""
