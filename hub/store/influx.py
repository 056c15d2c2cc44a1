"""Readings as line protocol to InfluxDB 2 or VictoriaMetrics, through influxdb-client.

    pm10,device=micro-017-pm,station=micro-017,unit=ug/m3 value=85.0,flag=2i 1380873600000

Writing the same reading twice changes nothing: both databases know a point by its series and time (VictoriaMetrics when
started with -dedup.minScrapeInterval=1ms). Values stay in the unit in which they were sent; VictoriaMetrics keeps 12
significant digits of them. A value that is missing or infinite is left out, its flag is not.
"""

from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import numpy as np
from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from urllib3.exceptions import HTTPError

from hub.errors import StoreError
from hub.model import Columns, Datastream

TIMEOUT_MS: Final = 10_000
_ESCAPES: Final = str.maketrans({" ": r"\ ", ",": r"\,", "=": r"\="})


class LineProtocol:
    """Turns readings into lines, by the series that it was told of."""

    def __init__(self) -> None:
        self._heads: dict[int, str] = {}

    def datastreams(self, new: Sequence[Datastream]) -> None:
        """Take note of the series that readings will refer to."""
        self._heads |= {stream.row: _head(stream) for stream in new}

    def lines(self, columns: Columns) -> list[str]:
        """Return one line for each reading, in their order.

        Raises:
            KeyError: a row that nobody told of.
        """
        valued = np.isfinite(columns.value).tolist()
        placed = (np.isfinite(columns.longitude) & np.isfinite(columns.latitude)).tolist()
        values = [f"value={value!r}," if has else "" for value, has in zip(columns.value.tolist(), valued, strict=True)]
        places = [
            f"longitude={east!r},latitude={north!r}," if has else ""
            for east, north, has in zip(columns.longitude.tolist(), columns.latitude.tolist(), placed, strict=True)
        ]
        heads = [self._heads[row] for row in columns.row.tolist()]
        flags, times = columns.flag.tolist(), columns.time_ms.tolist()
        return [
            f"{head} {value}{place}flag={flag}i {time_ms}"
            for head, value, place, flag, time_ms in zip(heads, values, places, flags, times, strict=True)
        ]


class InfluxWriter:
    """Writes readings, one request for each call; belongs to one thread.

    Attributes:
        url: of the database.
    """

    def __init__(self, url: str, org: str = "", bucket: str = "", token: str = "") -> None:
        self.url = url
        self._bucket = bucket
        self._client = InfluxDBClient(url, token=token, org=org or "-", timeout=TIMEOUT_MS, enable_gzip=True)
        self._write = self._client.write_api(SYNCHRONOUS)
        self._protocol = LineProtocol()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._write.close()  # type: ignore[no-untyped-call]  # published half typed
        self._client.close()  # type: ignore[no-untyped-call]  # same

    def datastreams(self, new: Sequence[Datastream]) -> None:
        """Take note of the series that readings will refer to."""
        self._protocol.datastreams(new)

    def insert(self, columns: Columns) -> None:
        """Write readings of known datastreams.

        Raises:
            StoreError: the database did not take them, or not all of them; they can be written again.
        """
        if not len(columns):
            return
        lines = "\n".join(self._protocol.lines(columns)).encode()
        try:
            self._write.write(self._bucket or "-", record=lines, write_precision=WritePrecision.MS)  # type: ignore[arg-type]  # a str there
        except (InfluxDBError, HTTPError, OSError) as error:
            raise StoreError(f"{self.url}: {error}") from error


def _head(stream: Datastream) -> str:
    tags = {"device": stream.device, "station": stream.station, "unit": stream.unit}
    return ",".join([stream.property, *(f"{name}={tag.translate(_ESCAPES)}" for name, tag in tags.items())])
