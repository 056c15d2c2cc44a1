"""`quietwatch hub precision`."""

import json
from argparse import Namespace
from dataclasses import asdict
from typing import Final

from hub.config import load_config
from hub.errors import HubError
from hub.lead.label import FEW, Precision
from hub.registry.reading import reading
from hub.replay.running import REGISTRY
from quietwatch.cli.command import fail
from quietwatch.cli.language import Language, language
from quietwatch.cli.table import columns, table

_HEADS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("of", "name", "month", "opened", "right", "precision (95 %)"),
    "zh": ("类别", "名称", "月份", "出现", "属实", "准确率（95 %）"),
}
_ORIGINS: Final[dict[Language, dict[str, str]]] = {
    "en": {"detector": "detector", "rule": "rule", "check": "check"},
    "zh": {"detector": "检测方法", "rule": "规则", "check": "设备检查"},
}
_FEW: Final[dict[Language, str]] = {
    "en": f"Right: of those that people have labelled. ?: fewer than {FEW} labels, the share says little.",
    "zh": f"属实：占已标记的条数。？：标记少于{FEW}条，比例仅供参考。",
}
_NONE: Final[dict[Language, str]] = {
    "en": "No lead and no ticket has been opened yet.",
    "zh": "尚无线索或工单。",
}


def precision(arguments: Namespace) -> int:
    """Show how often what each detector, rule and check opened was right, as people have labelled it."""
    try:
        with reading(load_config(arguments.config).directory / REGISTRY) as registry:
            rows = registry.precision()
    except (HubError, OSError) as error:
        fail(error)
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False))
        return 0
    lang = language(arguments.lang)
    shown = table(_HEADS[lang], [_cells(row, lang) for row in rows], columns())
    print(f"{shown}\n\n{_FEW[lang]}" if rows else _NONE[lang])
    return 0


def _cells(row: Precision, lang: Language) -> list[str]:
    about = [_ORIGINS[lang][row.origin], row.name, row.month, str(row.opened)]
    if row.precision is None:
        return [*about, "", ""]
    right = f"{round(row.precision * row.labelled)}/{row.labelled}"
    interval = f"{row.low:.0%} - {row.high:.0%}".replace("%", "")
    return [*about, right, f"{row.precision:.0%} ({interval})" + ("?" if row.few else "")]
