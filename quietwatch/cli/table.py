"""Tables and paragraphs for a terminal of any width, in which Chinese takes two columns a character."""

import shutil
import unicodedata
from collections.abc import Sequence
from typing import Final

NARROWEST: Final = 6
_GAP: Final = "  "


def columns() -> int:
    """Return how wide the terminal is; 80 when there is none."""
    return max(40, shutil.get_terminal_size((80, 24)).columns)


def wide(text: str) -> int:
    """Return how many columns a text takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Return a text in lines of at most `width` columns, broken at spaces, after Chinese characters, or within a word.

    Args:
        text: one paragraph, or several lines.
        width: with the indent; at least 2 more than it.
        indent: before every line but the first.
    """
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for character in paragraph:
            line += character
            if wide(line.rstrip()) > width:
                kept, line = _cut(line)
                lines.append(kept)
                line = indent + line.lstrip()
        lines.append(line)
    return lines


def _cut(line: str) -> tuple[str, str]:
    """Return what stays on a line that is one character too long, and what goes to the next."""
    for at in range(len(line) - 1, len(line) // 3, -1):
        if line[at] == " " or (wide(line[at - 1]) == 2 and line[at] not in "，。：；？）"):
            return line[:at].rstrip(), line[at:]
    return line[:-1], line[-1]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], total: int) -> str:
    """Return a table; the widest columns are wrapped until it fits.

    Args:
        heads: one a column; columns without anything in them are left out.
        rows: cells; a cell may have several lines.
        total: columns of the terminal.
    """
    used = [at for at in range(len(heads)) if any(row[at] for row in rows)]
    cells = [[heads[at] for at in used], *([row[at] for at in used] for row in rows)]
    widths = [max(wide(line) for row in cells for line in row[at].split("\n")) for at in range(len(used))]
    while sum(widths) + len(_GAP) * (len(used) - 1) > total and max(widths) > NARROWEST:
        widths[widths.index(max(widths))] -= 1
    lines = []
    for number, row in enumerate(cells):
        wrapped = [wrap(cell, width) for cell, width in zip(row, widths, strict=True)]
        for height in range(max(map(len, wrapped), default=0)):
            parts = [cell[height] if height < len(cell) else "" for cell in wrapped]
            lines.append(_GAP.join(_padded(part, width) for part, width in zip(parts, widths, strict=True)).rstrip())
        if number == 0:
            lines.append(_GAP.join("-" * width for width in widths))
    return "\n".join(lines)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - wide(text))
