"""`quietwatch hub precision`."""

import json
from argparse import Namespace
from dataclasses import asdict
from typing import Final

from hub.config import load_config
from hub.errors import HubError
from hub.lead.label import Precision
from hub.registry.reading import reading
from hub.replay.running import REGISTRY
from quietwatch.cli.command import fail
from quietwatch.cli.language import Language, language
from quietwatch.cli.table import columns, table

_HEADS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("of", "name", "month", "opened", "labelled", "right", "precision", "95 % interval", ""),
    "zh": ("类别", "名称", "月份", "已出现", "已标记", "属实", "准确率", "95 %区间", ""),
}
_ORIGINS: Final[dict[Language, dict[str, str]]] = {
    "en": {"detector": "detector", "rule": "rule", "check": "check"},
    "zh": {"detector": "检测方法", "rule": "规则", "check": "设备检查"},
}
_FEW: Final[dict[Language, str]] = {"en": "few labels", "zh": "标记太少"}
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
    print(table(_HEADS[lang], [_cells(row, lang) for row in rows], columns()) if rows else _NONE[lang])
    return 0


def _cells(row: Precision, lang: Language) -> list[str]:
    share = "" if row.precision is None else f"{row.precision:.0%}"
    interval = "" if row.precision is None else f"{row.low:.0%} - {row.high:.0%}"
    right = "" if row.precision is None else str(round(row.precision * row.labelled))
    counts = [str(row.opened), str(row.labelled), right]
    few = _FEW[lang] if row.few and row.labelled else ""
    return [_ORIGINS[lang][row.origin], row.name, row.month, *counts, share, interval, few]
