"""Run every benchmark, or those that are named: `python bench [NAME ...]`; each is a folder here with a run.py."""

import subprocess
import sys
from pathlib import Path


def main(names: list[str]) -> int:
    """Run them one after the other; 1 when one failed, 2 when there is none of a name."""
    found = {path.parent.name: path for path in sorted(Path(__file__).parent.glob("*/run.py"))}
    unknown = [name for name in names if name not in found]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}: there are {', '.join(found)}", file=sys.stderr)
        return 2
    failed = []
    for name in names or found:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, found[name]], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
