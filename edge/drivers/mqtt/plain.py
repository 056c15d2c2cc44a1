"""What may stand in a payload that must hold no picture and no recording. Pure."""

from typing import Final

from edge.drivers.mqtt.unfit import Unfit

LONGEST_TEXT: Final = 256
LONGEST_LIST: Final = 64


def check_plain(root: object, where: str = "") -> None:
    """Return if JSON holds only short texts and short lists: words and numbers, nothing that was filmed.

    Raises:
        Unfit: it holds more; says where, and nothing of what it is.
    """
    if isinstance(root, str) and len(root) > LONGEST_TEXT:
        raise Unfit(f"refused unread: {where or 'it'} may be a picture: {len(root)} characters of text")
    if isinstance(root, list) and len(root) > LONGEST_LIST:
        raise Unfit(f"refused unread: {where or 'it'} may be a picture: a list of {len(root)}")
    if isinstance(root, dict):
        for key, inner in root.items():
            check_plain(key, where)
            check_plain(inner, f"{where}/{key}" if where else str(key))
    elif isinstance(root, list):
        for inner in root:
            check_plain(inner, where)
