"""An anomaly as JSON: whatever numbers it was made of."""

import math

import msgspec
import numpy as np

from hub.lead.evidence import evidence
from hub.model import Anomaly, Basis, Cause, Level
from hub.reasons import Candidate, Explanation, Neighbour, Past, Settle

ODD = np.float64(0.123456)


def test_numbers_of_numpy_are_plain_json() -> None:
    """The live stream knows plain numbers only: one of NumPy's in the evidence would end it for every page."""
    numbers = Explanation(
        "arithmetic",
        neighbours=(Neighbour("s/d/pm10", 0, ODD),),
        absolute=ODD,
        history=(Past(0, ODD, np.float64(math.nan)),),
        wind_speed=ODD,
    )
    settle = Settle("reading", ODD, ODD, None, None, ODD, ODD, ODD, ODD)
    cause = Cause("pm10", "local_excess")
    anomaly = Anomaly(
        0, "s", "s/d/pm10", "a", cause, Level.RED, ODD, ODD, ODD, "r@1", ODD, ODD, Basis(), (Candidate(None, ODD),),
        settle, numbers,
    )  # fmt: skip

    said = msgspec.json.decode(msgspec.json.encode(evidence(anomaly)))

    assert (0.1235, 0.1235, 0.1235) == (
        said["candidates"][0]["probability"],
        said["settle"]["value"],
        said["explanation"]["wind_speed"],
    )
    assert {"minute_ms": 0, "value": 0.1235, "background": None} == said["explanation"]["history"][0]
