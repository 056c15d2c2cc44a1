"""Run every benchmark, or those that are named: `python bench [NAME ...] [-- ARGUMENT ...]`.

Each is a folder below this one with a run.py; what follows `--` is handed to them, such as `-- --json`.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(words: list[str]) -> int:
    """Run them one after the other; 1 when one failed, 2 when there is none of a name."""
    at = words.index("--") if "--" in words else len(words)
    names, arguments = words[:at], words[at + 1 :]
    found = {path.parent.relative_to(HERE).as_posix(): path for path in sorted(HERE.glob("**/run.py"))}
    unknown = [name for name in names if name not in found]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}: there are {', '.join(found)}", file=sys.stderr)
        return 2
    failed = []
    for name in names or found:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, found[name], *arguments], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
