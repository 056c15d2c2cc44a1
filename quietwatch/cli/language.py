"""In which language a person is spoken to."""

import os
from typing import Literal

Language = Literal["zh", "en"]


def language(chosen: Language | None) -> Language:
    """Return the language that was chosen, or that the terminal's settings ask for."""
    if chosen is not None:
        return chosen
    said = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if said.startswith("zh") else "en"
