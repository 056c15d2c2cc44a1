"""Serial ports without a wire: ptys under a stable name."""

import errno
import os
import select
import tty
from pathlib import Path


class SerialPort:
    """A pty; `link` points to the end that a gateway opens.

    A UART does not wait for anybody: what is sent while the other end is closed is gone. The first frame after it was
    opened is lost too, as when a receiver is plugged in while a frame is under way.

    Attributes:
        link: the name under which a gateway opens it.
        master: the file descriptor of the instruments' end.
    """

    def __init__(self, link: Path, *, held_open: bool) -> None:
        """Open the port.

        Args:
            link: where the port's name appears.
            held_open: keep the gateway's end open here too, for a bus whose instruments only answer.
        """
        self.link = link
        self.master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self.master, False)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(slave))
        self._slave = slave if held_open else -1
        if not held_open:
            os.close(slave)
        self._poll = select.poll()
        self._poll.register(self.master, 0)
        self._was_open = False

    def heard(self) -> bool:
        """Return whether a frame that is sent now reaches somebody: the other end was open last time and still is."""
        closed = any(state & select.POLLHUP for _, state in self._poll.poll(0))
        was_open, self._was_open = self._was_open, not closed
        return was_open and not closed

    def read(self) -> bytes:
        """Return what has come in, empty when there is nothing."""
        try:
            return os.read(self.master, 4096)
        except BlockingIOError:
            return b""

    def write(self, octets: bytes) -> None:
        """Send; what does not fit, or finds the other end closed, is gone."""
        try:
            os.write(self.master, octets)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EIO):
                raise

    def close(self) -> None:
        """Close the port."""
        os.close(self.master)
        if self._slave >= 0:
            os.close(self._slave)
