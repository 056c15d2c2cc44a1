"""Print what pip is configured with on this machine as shell exports for uv; what is set for uv itself wins.

uv reads neither pip.conf nor PIP_ variables, so that a machine behind a mirror would need everything twice.
"""

import ast
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# pip merges all its indexes; only this strategy of uv does the same. The lock's hashes say which files are welcome.
MERGE_INDEXES = ("UV_INDEX_STRATEGY", "unsafe-best-match")
# Sections of `pip config list`, the strongest last.
SECTIONS = ("global", "install", ":env:")


def configured() -> dict[str, str]:
    """Return pip's settings by key, each as one line of words."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603  # no shell
    found = dict(line.split("=", 1) for line in listing.splitlines() if "=" in line)
    return {
        key.removeprefix(f"{section}."): " ".join(ast.literal_eval(found[key]).split())
        for section in SECTIONS
        for key in found
        if key.startswith(f"{section}.")
    }


def exports(pip: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the variables of uv that say the same."""
    yield MERGE_INDEXES
    links = [link for link in pip.get("find-links", "").split() if "://" in link or Path(link).exists()]
    same = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": pip.get("extra-index-url", ""),
        "UV_FIND_LINKS": ",".join(links),
        "UV_INSECURE_HOST": pip.get("trusted-host", ""),
        "UV_HTTP_TIMEOUT": pip.get("timeout", pip.get("default-timeout", "")),
        "SSL_CERT_FILE": pip.get("cert", ""),
        "UV_OFFLINE": "1" if pip.get("no-index", "").lower() in {"1", "true", "yes"} else "",
    }
    yield from ((name, value) for name, value in same.items() if value)


if __name__ == "__main__":
    for name, value in exports(configured()):
        if name not in os.environ:
            sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
