"""`quietwatch hub replay`."""

import json
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from hub.config import load_config
from hub.errors import ConfigError, HubError
from hub.model import MINUTE_MS
from hub.replay.account import AccountAnswer, OpeningAnswer
from hub.replay.running import Wanted, flaws, replay, verified
from hub.replay.stretch import Progress
from quietwatch.cli.command import fail
from quietwatch.cli.language import Language, language
from quietwatch.cli.table import columns, table

BEIJING: Final = timezone(timedelta(hours=8))
_SHOWN: Final = 20
_HEADS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("area", "red then, min", "red new, min", "leads then", "leads new"),
    "zh": ("区域", "原红色（分钟）", "新红色（分钟）", "原线索", "新线索"),
}
_OPENING_HEADS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("since", "area", "property", "rule", "value", "threshold", "lead"),
    "zh": ("起始", "区域", "项目", "规则", "数值", "阈值", "线索"),
}
_TITLES: Final[dict[Language, tuple[str, str]]] = {
    "en": ("Leads that would not have opened:", "Leads that would have opened, and did not:"),
    "zh": ("不会再出现的线索：", "会新出现的线索："),
}


def run_replay(arguments: Namespace) -> int:
    """Judge a stretch of the past again; 1 when it is to be verified and something differs."""
    try:
        config = load_config(arguments.config)
        wanted = Wanted(_texts(arguments.rules or ()), arguments.days, moment_ms(arguments.to))
        for flaw in flaws(config, wanted.rules) if wanted.rules else ():
            fail(f"{flaw.rule}: {flaw.about}: {flaw.reason}")
        if arguments.verify:
            return _verify(*verified(config, wanted, _reporter()))
        found = replay(config, wanted, _reporter())
    except (HubError, OSError, ValueError) as error:
        fail(error)
    print(json.dumps(found, ensure_ascii=False) if arguments.json else shown(found, language(arguments.lang)))
    return 0


def _verify(stored: int, lines: Sequence[str]) -> int:
    print("\n".join([*lines, f"{stored} stored openings, {len(lines)} differences"]))
    return 1 if lines else 0


def _texts(paths: Sequence[Path]) -> dict[str, str]:
    for path in paths:
        if path.suffix != ".toml":
            raise ConfigError(str(path), "rules", "", "a file of rules ends in .toml")
    return {path.name: path.read_text(encoding="utf-8") for path in paths}


def moment_ms(text: str | None) -> int | None:
    """Return a time such as 2026-05-17 or 2026-05-17T08:00 in UTC milliseconds; without a zone it is Beijing's.

    Raises:
        ValueError: it is no time.
    """
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)).timestamp() * 1000)


def _reporter() -> Callable[[Progress], None]:
    """Return what writes to stderr how far a replay is, and for how long it goes on."""
    begun = time.monotonic()

    def report(progress: Progress) -> None:
        done, whole = progress.at - progress.begin, max(progress.end - progress.begin, 1)
        left = (time.monotonic() - begun) * max(whole - done, 0) / max(done, 1)
        sys.stderr.write(f"replay: {done / 1440:.1f} of {whole / 1440:.1f} days, about {left:.0f} s left\n")
        sys.stderr.flush()

    return report


def shown(found: AccountAnswer, lang: Language) -> str:
    """Return an account as a person reads it."""
    lines = [_head(found, lang), ""]
    if found["areas"]:
        lines += [table(_HEADS[lang], _area_rows(found, lang), columns()), ""]
    for title, openings in zip(_TITLES[lang], (found["gone"], found["new"]), strict=True):
        if openings:
            lines += [title, table(_OPENING_HEADS[lang], _opening_rows(found, openings, lang), columns()), ""]
        if len(openings) > _SHOWN:
            lines[-1] = f"… +{len(openings) - _SHOWN} (--json)\n"
    return "\n".join([*lines, _sums(found, lang)])


def _head(found: AccountAnswer, lang: Language) -> str:
    span = f"{_clock(found['from_ms'])} - {_clock(found['to_ms'])}"
    rules, seconds = ", ".join(found["rules"]), f"{found['seconds']:.0f} s"
    if lang == "zh":
        return f"{span}（北京时间）按{rules or '原规则'}重新判断，用时{seconds}"
    return f"{span} (Beijing) judged again by {rules or 'the rules as they were'}, in {seconds}"


def _sums(found: AccountAnswer, lang: Language) -> str:
    sums = found["totals"]
    if lang == "zh":
        return (
            f"线索：原{sums['leads_then']}条，新规则{sums['leads_new']}条；相同{sums['same']}，"
            f"减少{sums['gone']}，新增{sums['new']}。红色：原{sums['red_min_then']}分钟，"
            f"新{sums['red_min_new']}分钟。受影响：{sums['areas_affected']}个区域，"
            f"其中企业{sums['enterprises_affected']}家。"
        )
    return (
        f"Leads: {sums['leads_then']} then, {sums['leads_new']} with the new rules; {sums['same']} the same, "
        f"{sums['gone']} gone, {sums['new']} new. Red: {sums['red_min_then']} min then, {sums['red_min_new']} min new. "
        f"Affected: {sums['areas_affected']} areas, {sums['enterprises_affected']} of them enterprises."
    )


def _area_rows(found: AccountAnswer, lang: Language) -> list[list[str]]:
    return [
        [
            area["name"] if lang == "zh" else area["name_en"],
            *map(str, (area["red_min_then"], area["red_min_new"], area["leads_then"], area["leads_new"])),
        ]
        for area in found["areas"]
    ]


def _opening_rows(found: AccountAnswer, openings: Sequence[OpeningAnswer], lang: Language) -> list[list[str]]:
    names = {area["area"]: area["name"] if lang == "zh" else area["name_en"] for area in found["areas"]}
    return [
        [
            _clock(one["start_ms"]),
            names.get(one["area"], one["area"]),
            one["property"],
            one["rule"],
            "" if one["value"] is None else f"{one['value']:g}",
            "" if one["threshold"] is None else f"{one['threshold']:g}",
            "" if one["lead"] is None else str(one["lead"]),
        ]
        for one in openings[:_SHOWN]
    ]


def _clock(time_ms: int) -> str:
    moment = datetime.fromtimestamp(time_ms // MINUTE_MS * 60, UTC).astimezone(BEIJING)
    return f"{moment:%Y-%m-%d %H:%M}"
