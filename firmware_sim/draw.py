"""Chance that can be asked twice: the same question gets the same answer in every run and every process."""

import hashlib
from typing import Final

_MASK: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
# Four uniform 16-bit numbers add up to a mean of 131,070 and a standard deviation of 65,536 / sqrt(3).
_MEAN: Final = 131_070.0
_DEVIATION: Final = 37_837.23


def seed_of(*parts: object) -> int:
    """Return 64 bits that follow from the parts' text."""
    return int.from_bytes(hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).digest(), "big")


def bits(seed: int, index: int) -> int:
    """Return the 64 bits at `index` of the sequence that `seed` starts (SplitMix64's finaliser)."""
    x = (seed + index * _STEP) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


def uniform(seed: int, index: int) -> float:
    """Return a number in [0, 1)."""
    return (bits(seed, index) >> 11) / (1 << 53)


def gaussian(seed: int, index: int) -> float:
    """Return a number of mean 0 and deviation 1, never beyond 3.5: devices have no tails here."""
    x = bits(seed, index)
    return ((x & 0xFFFF) + (x >> 16 & 0xFFFF) + (x >> 32 & 0xFFFF) + (x >> 48) - _MEAN) / _DEVIATION
