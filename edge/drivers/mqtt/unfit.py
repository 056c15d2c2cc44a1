"""The error of what a feed's payload should not be."""


class Unfit(ValueError):
    """A payload, or a part of one, that cannot be used; says why."""
