"""Has the journal say by what is judged: when the hub starts, and when new thresholds were calibrated."""

import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from hub.calibrations import Calibrations
from hub.checks import Calibration
from hub.configured import Configured, read_configured, write_configured
from hub.errors import StoreError
from hub.ingest.days import JournalReader
from hub.ingest.intake import Arrival
from wire.clock import Clock

# Field seconds between two looks for new thresholds.
LOOK_S: Final = 60.0
_log = logging.getLogger(__name__)


class ConfigEntries:
    """Puts an entry of kind config into the journal whenever what it would say has changed."""

    def __init__(
        self, journal: Path, configured: Configured, calibrations: Calibrations, put: Callable[[Arrival], bool]
    ) -> None:
        """Go on from what the journal says.

        Args:
            journal: its directory.
            configured: by what is judged, but for the thresholds.
            calibrations: where thresholds are.
            put: takes the entry to the journal; False when it cannot now.
        """
        self._configured = configured
        self._calibrations = calibrations
        self._put = put
        with JournalReader(journal) as reader:
            last = deque(reader.entries(0, ("config",)), maxlen=1)
        self._said = last[0].envelope if last else b""
        self._thresholds = read_configured(self._said).thresholds if last else None
        self._trouble = ""

    def look(self) -> None:
        """Say what has changed, if anything has."""
        thresholds = self._newest()
        envelope = write_configured(msgspec.structs.replace(self._configured, thresholds=thresholds))
        if envelope != self._said and self._put(Arrival("config", body=envelope)):
            self._said, self._thresholds = envelope, thresholds

    async def run(self, clock: Clock) -> None:
        """Look each field minute for new thresholds, until cancelled."""
        while True:
            await clock.sleep(LOOK_S)
            self.look()

    def _newest(self) -> Calibration | None:
        try:
            return self._calibrations.current()
        except StoreError as error:
            if str(error) != self._trouble:
                _log.warning("thresholds stay as they are: %s", error)
            self._trouble = str(error)
            return self._thresholds
