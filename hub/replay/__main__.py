"""A replay that the map's interface has asked for, in a process of its own: `python -m hub.replay CONFIG DIRECTORY`.

What is wanted is read from wanted.json in the directory; progress.json and at the end result.json or failed.json appear
there, each whole or not at all.
"""

import os
import sys
from pathlib import Path

import msgspec

from hub.config import load_config
from hub.errors import HubError
from hub.replay.parts import NICENESS
from hub.replay.running import Wanted, replay
from hub.replay.stretch import Progress


def main(config: Path, directory: Path) -> int:
    """Replay what is wanted; 1 when it cannot be done."""
    wanted = msgspec.json.decode((directory / "wanted.json").read_bytes(), type=Wanted)

    def report(progress: Progress) -> None:
        _write(directory / "progress.json", progress._asdict())

    try:
        found = replay(load_config(config), wanted, report)
    except (HubError, OSError) as error:
        _write(directory / "failed.json", {"reason": str(error)})
        return 1
    _write(directory / "result.json", found)
    return 0


def _write(path: Path, content: object) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(content))
    fresh.replace(path)


if __name__ == "__main__":
    os.nice(NICENESS)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
