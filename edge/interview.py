"""The questions that `quietwatch edge init` asks, in English and Chinese, and the tables that follow."""

import importlib
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

import msgspec

from edge.advice import Phrase
from edge.drivers import DRIVERS
from edge.drivers.modbus.profile import load_profile, profile_names
from wire.topics import is_identifier

Tables = dict[str, Any]
Language = Literal["en", "zh"]

HUB_PORT, HUB_TLS_PORT = 1883, 8883
STATION_KINDS: Final = {
    "lab": Phrase("laboratory", "实验室"),
    "micro_station": Phrase("micro-station outdoors", "室外微型站"),
    "reference": Phrase("reference station", "标准站"),
    "vehicle": Phrase("vehicle; its position comes with the readings", "车辆，位置随读数上报"),
}
KINDS: Final = {
    "modbus": "Modbus RTU/TCP 仪器（按 profile）",
    "pms": "攀藤 PMS 颗粒物",
    "sds011": "诺方 SDS011 颗粒物",
    "sps30": "盛思锐 SPS30 颗粒物",
    "hpma": "霍尼韦尔 HPM 颗粒物",
    "winsen": "炜盛气体模组",
    "clink": "赛默飞气体分析仪（C-Link）",
    "bswa": "声望声级计",
    "nmea": "NMEA 0183 定位接收机",
    "jtt808": "JT/T 808 车载终端",
    "mqtt": "MQTT 上的 JSON",
}
QUESTIONS: Final = {
    "port": Phrase("Port (a number, a path, or tcp://host:port)", "端口（序号、路径或 tcp://主机:端口）"),
    "profile": Phrase("Profile, or the path of your own", "profile，或自己的文件路径"),
    "model": Phrase("Model (empty: the usual one)", "型号（留空：常见型号）"),
    "unit": Phrase("Unit number on the line", "总线地址"),
    "baud": Phrase("Baud rate", "波特率"),
    "host": Phrase("Address of the broker where it publishes", "设备发布到的 MQTT 服务器地址"),
    "topic": Phrase("Topic", "主题"),
}
_ALWAYS: Final = frozenset({"id", "station", "driver"})
_NEEDED: Final = Phrase("this is needed", "这一项必填")
_NOT_AN_ID: Final = Phrase("1 to 64 of a-z, 0-9 and inner hyphens", "1 到 64 个字符：a-z、0-9 和中间的连字符")


class Person(Protocol):
    """Who answers."""

    def hear(self, text: str) -> None:
        """Be told something."""
        ...

    def answer(self, question: str) -> str:
        """Answer in one line; "" takes the default."""
        ...


Check = Callable[[str], Any]


@dataclass(slots=True)
class Interview:
    """One conversation.

    Attributes:
        ports: serial ports that are there.
        hostname: of this machine, for the default id.
    """

    person: Person
    language: Language
    ports: Sequence[str]
    hostname: str = ""
    _ids: set[str] = field(default_factory=set)
    _listed: Sequence[str] = ()

    def tables(self) -> Tables:
        """Return the tables of an edge.toml as the answers give them."""
        gateway = self._ask(Phrase("Id of this gateway", "本网关的编号"), f"gw-{_identifier(self.hostname)}", self._new)
        stations: list[Tables] = []
        devices: list[Tables] = []
        while not stations or self._yes(Phrase("Another station?", "还有别的站点吗？")):
            station = self._station()
            stations.append(station)
            while (device := self._device(station["id"])) is not None:
                devices.append(device)
        return {"gateway": {"id": gateway}, "hub": self._hub(), "station": stations, "device": devices}

    def _station(self) -> Tables:
        kind = self._choose(
            Phrase("What is it?", "站点类型"), {k: self._in(v) for k, v in STATION_KINDS.items()}, "lab"
        )
        name = self._ask(Phrase("Its name, as people read it", "站点名称"), "", _text)
        station = {
            "id": self._ask(Phrase("Its id", "站点编号"), self._free(kind.replace("_", "-")), self._new),
            "kind": kind,
            "name": name,
        }
        if kind != "vehicle":
            self._say(
                Phrase(
                    "Its place in degrees WGS-84 (GPS). Phone maps in China show other coordinates, up to 500 m off.",
                    "站点位置，WGS-84（GPS）经纬度。国内手机地图显示的是偏移后的坐标，误差可达 500 米。",
                )
            )
            station["longitude"] = self._ask(Phrase("Longitude", "经度"), "", _between(-180, 180))
            station["latitude"] = self._ask(Phrase("Latitude", "纬度"), "", _between(-90, 90))
        return station

    def _device(self, station: str) -> Tables | None:
        kinds = {kind: _title(kind, self.language) for kind in DRIVERS}
        question = Phrase("Next device at this station (empty: no more)", "本站点的下一台设备（留空结束）")
        kind = self._choose(question, kinds, "")
        if not kind:
            return None
        while True:
            table = self._keys(kind, station)
            try:
                DRIVERS[kind].datastreams(msgspec.convert(table, DRIVERS[kind].settings))
            except ValueError as error:
                self.person.hear(f"! {error}")
                continue
            self._ids.add(table["id"])
            return table

    def _keys(self, kind: str, station: str) -> Tables:
        table: Tables = {"driver": kind, "station": station}
        for each in msgspec.structs.fields(DRIVERS[kind].settings):
            choices = typing.get_args(each.type) if typing.get_origin(each.type) is Literal else ()
            asked = each.required or each.name == "baud" or (each.name == "model" and len(choices) > 1)
            if asked and each.name not in _ALWAYS:
                answer = self._key(each, [choice for choice in choices if choice != ""])
                if answer not in {"", each.default}:
                    table[each.name] = answer
        name = f"{station}-{_identifier(table.get('profile') or table.get('model') or kind)}"
        table["id"] = self._ask(Phrase("Its id", "设备编号"), self._free(name), self._new)
        return table

    def _key(self, key: msgspec.structs.FieldInfo, choices: Sequence[Any]) -> Any:
        default = None if key.required else str(key.default)
        question = QUESTIONS.get(key.name, Phrase(key.name, key.name))
        if key.name == "port" and key.type is str:
            return self._choose(question, dict.fromkeys(self.ports, ""), free=True)
        if key.name == "profile":
            profiles = {name: load_profile(name).title for name in profile_names()}
            return self._choose(
                Phrase("Profile, or the path of your own", "profile，或自己的文件路径"), profiles, "", free=True
            )
        if choices:
            named = {str(choice): choice for choice in choices}
            picked = self._choose(question, dict.fromkeys(named, ""), default)
            return named.get(picked, picked)
        return self._ask(question, default or "", _converted(key.type))

    def _hub(self) -> Tables:
        hub: Tables = {
            "host": self._ask(Phrase("Address of the hub's broker", "中心 MQTT 服务器地址"), "127.0.0.1", _text)
        }
        here = hub["host"] in {"127.0.0.1", "localhost", "::1"}
        hub["port"] = self._ask(Phrase("Port", "端口"), str(HUB_PORT if here else HUB_TLS_PORT), _converted(int))
        if not here:
            question = Phrase("Its CA certificate (a file; copy it beside the TOML)", "CA 证书（文件，放在 TOML 旁边）")
            hub["ca_file"] = self._ask(question, "ca.pem", _text)
            username = self._ask(Phrase("User name at the broker (empty: none)", "用户名（留空：无）"), "", str)
            if username:
                hub |= {"username": username, "password_env": "QW_MQTT_PASSWORD"}
        return hub

    def _ask(self, question: Phrase, default: str, check: Check) -> Any:
        """Ask until the answer is usable."""
        shown = f"{self._in(question)} [{default}]: " if default else f"{self._in(question)}: "
        while True:
            answer = self.person.answer(shown).strip() or default
            try:
                return check(answer)
            except ValueError as error:
                self.person.hear(f"! {error if answer else self._in(_NEEDED)}")

    def _choose(
        self, question: Phrase, choices: Mapping[str, str], default: str | None = None, *, free: bool = False
    ) -> str:
        """Return one of the choices, by number or name; the default for an empty answer; anything when it is free."""
        names = list(choices)
        if names != self._listed:
            self._listed = names
            for number, name in enumerate(names, 1):
                self.person.hear(f"  {number:>2}  {name:<15} {choices[name]}".rstrip())

        def pick(answer: str) -> str:
            if answer.isdecimal() and 0 < int(answer) <= len(names):
                return names[int(answer) - 1]
            if answer in choices or answer == default or (free and answer):
                return answer
            raise ValueError(f"{answer!r}: {', '.join(names)}" if answer else self._in(_NEEDED))

        return str(self._ask(question, default or "", pick))

    def _yes(self, question: Phrase) -> bool:
        return str(self._ask(question, "n", str)).lower() in {"y", "yes", "是"}

    def _new(self, answer: str) -> str:
        if not is_identifier(answer):
            raise ValueError(f"{answer!r}: {self._in(_NOT_AN_ID)}")
        if answer in self._ids:
            raise ValueError(f"{answer!r}: {self._in(Phrase('taken already', '已被使用'))}")
        self._ids.add(answer)
        return answer

    def _free(self, name: str) -> str:
        numbered = (f"{name}-{number}" for number in range(1, len(self._ids) + 2))
        return name if name not in self._ids else next(each for each in numbered if each not in self._ids)

    def _say(self, said: Phrase) -> None:
        self.person.hear(self._in(said))

    def _in(self, said: Phrase) -> str:
        return said.zh if self.language == "zh" else said.en


def _identifier(text: str) -> str:
    """Return what of a text can stand in an id."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower()).strip("-")
    return kept[:40] or "1"


def _title(kind: str, language: Language) -> str:
    if language == "zh":
        return KINDS.get(kind, kind)
    return (importlib.import_module(f"edge.drivers.{kind}").__doc__ or kind).splitlines()[0].rstrip(".")


def _text(answer: str) -> str:
    if not answer:
        raise ValueError
    return answer


def _between(low: float, high: float) -> Check:
    def check(answer: str) -> float:
        number = float(answer)
        if not low <= number <= high:
            raise ValueError(f"{answer}: {low:g} - {high:g}")
        return number

    return check


def _converted(kind: Any) -> Check:
    """Return a check for a key of this type, a number or a text."""

    def check(answer: str) -> Any:
        return msgspec.convert(_text(answer), kind, strict=False)

    return check
