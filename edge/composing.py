"""A configuration as a commented TOML text."""

import json
from collections.abc import Mapping
from typing import Any, Final

from edge.advice import Phrase

_HEAD: Final = Phrase(
    "A QuietWatch gateway. After a change: quietwatch edge check {name}; then quietwatch edge probe {name}.\n"
    "Every key: docs/configuration.md and the example.toml of each driver.",
    "QuietWatch 网关配置。修改后先运行 quietwatch edge check {name}，再运行 quietwatch edge probe {name}。\n"
    "所有键的说明见 docs/configuration.md 和各驱动的 example.toml。",
)
_TABLES: Final = {
    "gateway": Phrase("This computer. Its key is made at the first start.", "本机。密钥在第一次启动时生成。"),
    "hub": Phrase(
        "Where readings go. Passwords stand in the environment, never here.",
        "读数发往何处。密码放在环境变量里，不写在这里。",
    ),
    "station": Phrase("A place on the map that hosts devices.", "地图上的一个站点，设备装在这里。"),
    "device": Phrase("One instrument.", "一台仪器。"),
}
_KEYS: Final = {
    "id": Phrase("as the hub knows it", "中心按此编号识别"),
    "longitude": Phrase("degrees WGS-84, not as phone maps in China show it", "WGS-84 度，不是国内手机地图的坐标"),
    "period_s": Phrase("seconds between two readings", "两次读数之间的秒数"),
    "unit": Phrase("its address on the line", "总线地址"),
    "password_env": Phrase("name of the environment variable", "环境变量名"),
    "ca_file": Phrase("beside this file", "与本文件放在一起"),
}


def compose(tables: Mapping[str, Any], name: str, language: str) -> str:
    """Return the text of an edge.toml.

    Args:
        tables: as `tomllib` reads them.
        name: of the file.
        language: of the comments, "en" or "zh".
    """
    lines = [f"# {line}" for line in _in(_HEAD, language).format(name=name).split("\n")]
    for table, content in tables.items():
        several = isinstance(content, list)
        for each in content if several else [content]:
            lines += ["", f"# {_in(_TABLES[table], language)}"] if table in _TABLES else [""]
            lines.append(f"[[{table}]]" if several else f"[{table}]")
            lines += [_line(table, key, value, language) for key, value in _ordered(each).items()]
    return "\n".join(lines) + "\n"


def _ordered(table: Mapping[str, Any]) -> dict[str, Any]:
    first = [key for key in ("id", "driver", "station") if key in table]
    return {key: table[key] for key in [*first, *(key for key in table if key not in first)]}


def _line(table: str, key: str, value: object, language: str) -> str:
    # A JSON text of these kinds is TOML, too.
    said = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    comment = _KEYS.get(key) if key != "id" or table == "gateway" else None
    return f"{said}  # {_in(comment, language)}" if comment else said


def _in(said: Phrase, language: str) -> str:
    return said.zh if language == "zh" else said.en
