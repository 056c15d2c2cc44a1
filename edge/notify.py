"""What systemd is told: datagrams on the socket that it names; see sd_notify(3). Nothing when it names none."""

import contextlib
import os
import socket
import time
from collections.abc import Mapping
from typing import Self


class Notifier:
    """Tells systemd how the program is.

    Attributes:
        watchdog_s: real seconds after which systemd restarts a program that has not pinged, None for never.
    """

    def __init__(self, address: str, watchdog_s: float | None = None) -> None:
        """Prepare for `say`.

        Args:
            address: a path, or "@" and the name of an abstract socket; "" for nobody.
            watchdog_s: see the attribute.
        """
        self.watchdog_s = watchdog_s
        self._address = "\0" + address[1:] if address.startswith("@") else address

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Return the notifier that a process's environment asks for."""
        limit = environ.get("WATCHDOG_USEC", "")
        mine = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        return cls(environ.get("NOTIFY_SOCKET", ""), int(limit) / 1e6 if mine and limit.isdecimal() else None)

    def say(self, *lines: str) -> None:
        """Send lines such as "READY=1" in one datagram; that systemd cannot be reached stops nothing."""
        if self._address:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.settimeout(0)
                channel.sendto("\n".join(lines).encode(), self._address)

    def reloading(self) -> None:
        """Say that the configuration is read anew; "READY=1" ends it."""
        self.say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
