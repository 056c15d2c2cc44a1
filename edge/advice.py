"""What to try when a device does not answer: for a person with a cable in one hand, in English and Chinese. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from edge.probe import Finding

PortState = Literal["network", "missing", "forbidden", "there"]


class Phrase(NamedTuple):
    """One thing said in two languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Place:
    """What the system says of a port.

    Attributes:
        state: before it was opened.
        others: serial ports that there are.
    """

    state: PortState
    others: Sequence[str] = ()


_SILENT: Final = Phrase(
    "no answer. Check in this order: its power; A and B swapped; the unit number and the baud rate in its menu or on"
    " its label (quietwatch edge scan {port} finds them); the cable, with this device alone on it",
    "没有回答。依次检查：供电；A、B 线是否接反；设备菜单或标签上的地址和波特率"
    "（quietwatch edge scan {port} 可以找出来）；只接这一台设备试电缆",
)
_MUTE: Final = Phrase(
    "nothing arrived. Check: its power; its TX must go to the adapter's RX; the baud rate; that it is in active mode",
    "没有收到任何字节。检查：供电；设备的 TX 要接到转换器的 RX；波特率；设备是否处于主动上传模式",
)
_SILENT_NETWORK: Final = Phrase(
    "connected, but it does not answer. Check: the unit number; on a serial server also the baud rate, A and B, and"
    " that its mode fits the port: tcp:// for Modbus TCP, rtu+tcp:// for plain RTU frames",
    "已连接，但设备没有回答。检查：地址；如果是串口服务器，还要检查波特率、A/B 线，"
    "以及模式：Modbus TCP 用 tcp://，透传 RTU 用 rtu+tcp://",
)
_UNHEARD: Final = Phrase(
    "connected, but nothing was published in this time. Check: the topic; that the device is on; --seconds 120",
    "已连接，但这段时间内没有收到发布的内容。检查：主题；设备是否开机；--seconds 120",
)
_GARBLED: Final = Phrase(
    "something answers, but garbled. Check: baud rate and parity; 120 ohm at both ends of the line and nowhere else;"
    " that no other device has the same unit number; ground; distance from motors and mains",
    "有回答，但内容损坏。检查：波特率和校验位；总线两端各一个 120 欧终端电阻，中间不要接；"
    "是否有两台设备地址相同；接地；远离电机和强电",
)
_BABBLING: Final = Phrase(
    "it sends without being asked, and does not answer. Switch its active sending off (its menu or the maker's tool),"
    " or give it a line of its own",
    "它不经询问就自己发送，也不回答。关闭它的主动上传（菜单或厂家软件），或给它单独一条线",
)
_LATE: Final = Phrase("it answers, but too late. Set timeout_s higher for it", "有回答，但太慢。给它设更大的 timeout_s")
_IN_ITS_PLACE: Final = Phrase(
    "another unit answers in its place. Two units with one number, or a number that was changed: switch the others off"
    " and run quietwatch edge scan {port}",
    "有另一台设备代它回答。地址重复，或地址被改过：关掉其他设备，运行 quietwatch edge scan {port}",
)
_EXCEPTIONS: Final = {
    1: Phrase(
        "it is there, but does not know this function: another model? Check profile",
        "设备在线，但不支持该功能码：型号不同？检查 profile",
    ),
    2: Phrase(
        "it is there, but has none of these registers: another model? Check profile (quietwatch edge scan {port} tries"
        " all that are known)",
        "设备在线，但没有这些寄存器：型号不同？检查 profile（quietwatch edge scan {port} 会尝试所有已知的）",
    ),
    6: Phrase("it is there, but busy. Ask less often: a longer period_s", "设备在线，但正忙。加长 period_s，少问几次"),
    11: Phrase(
        "the serial server answers, the device behind it does not. Check its power, A and B, the unit number",
        "串口服务器有回答，它后面的设备没有。检查供电、A/B 线、地址",
    ),
}
_REFUSED: Final = Phrase(
    "it is there, but refuses (exception {exception}). Check profile and the device's own manual",
    "设备在线，但拒绝了（异常码 {exception}）。检查 profile 和设备说明书",
)
_MISSING: Final = Phrase(
    "there is no such port. Is the adapter plugged in? Ports that are there: {others}",
    "没有这个端口。转换器插好了吗？现有端口：{others}",
)
_FORBIDDEN: Final = Phrase(
    "you may not use this port. Run: sudo usermod -aG dialout $USER, log out and in again",
    "没有使用该端口的权限。运行：sudo usermod -aG dialout $USER，然后重新登录",
)
_TAKEN: Final = Phrase(
    "another program holds this port. If it is the agent: sudo systemctl stop quietwatch-edge; else see: fuser {port}",
    "另一个程序占用了该端口。如果是代理程序：sudo systemctl stop quietwatch-edge；否则查看：fuser {port}",
)
_NO_PARITY: Final = Phrase(
    'this port knows no parity (a simulated one?). Set parity = "N"',
    '该端口不支持校验位（模拟端口？）。设 parity = "N"',
)
_UNREACHED: Final = Phrase(
    "nobody is reached there. Check: address and number; the cable and the lights of the switch; ping",
    "连接不上。检查：地址和端口号；网线和交换机指示灯；ping",
)
_LOST: Final = Phrase(
    "the port was there and went away. Check the USB plug and its power: dmesg | tail",
    "端口中途消失。检查 USB 插头和供电：dmesg | tail",
)
_NOT_ASKED: Final = Phrase(
    "its turn did not come. Try again with a larger --seconds", "没有轮到它。加大 --seconds 再试"
)
_NO_VALUE: Final = Phrase(
    "it answers, but states no value for {names}: warming up, or no probe fitted",
    "有回答，但没有 {names} 的值：正在预热，或未装探头",
)
_DOUBTFUL: Final = Phrase(
    "it answers, but {names} cannot be relied on: out of its range, or it reports a fault. Right profile?",
    "有回答，但 {names} 不可靠：超出量程，或设备自报故障。profile 对吗？",
)
_UNASKED: Final = Phrase(
    "{who} talks without being asked ({unasked} bytes in one second): a second master, or a device in active mode."
    " Unplug one device after the other until it is quiet",
    "{who}未经询问就在发送（一秒内 {unasked} 字节）：有第二个主站，或某台设备处于主动上传模式。逐台拔下，直到安静为止",
)


def advise(finding: Finding, place: Place) -> Phrase | None:
    """Return what to try for a device, None when all is well with it.

    Args:
        finding: how it fared.
        place: what the system says of its port.
    """
    chosen = _ADVISERS[finding.verdict](finding, place)
    if chosen is None:
        return None
    words = {
        "port": finding.port,
        "exception": finding.exception,
        "others": ", ".join(place.others) or "-",
        "names": ", ".join(shown.property for shown in finding.values if shown.flag in _DOUBT),
    }
    return Phrase(chosen.en.format(**words), chosen.zh.format(**words))


def advise_line(finding: Finding) -> Phrase | None:
    """Return what to try on a device's line as a whole, None when it is as it should be."""
    if not finding.unasked:
        return None
    units = ", ".join(map(str, finding.talkers))
    who = Phrase(f"unit {units}", f"地址 {units} 的设备") if units else Phrase("somebody", "有设备")
    return Phrase(
        _UNASKED.en.format(who=who.en, unasked=finding.unasked), _UNASKED.zh.format(who=who.zh, unasked=finding.unasked)
    )


_DOUBT: Final = (3, 4, 9)


def _answered(finding: Finding, _: Place) -> Phrase | None:
    flags = {shown.flag for shown in finding.values}
    if flags & {3, 4}:
        return _DOUBTFUL
    return _NO_VALUE if 9 in flags else None


def _silent(finding: Finding, place: Place) -> Phrase:
    if finding.port.startswith("mqtt"):
        return _UNHEARD
    if finding.fault.startswith("late"):
        return _LATE
    if place.state == "network":
        return _SILENT_NETWORK
    return _MUTE if "nothing arrived" in finding.fault else _SILENT


def _garbled(finding: Finding, _: Place) -> Phrase:
    return _IN_ITS_PLACE if "in its place" in finding.fault else _GARBLED


def _babbling(_: Finding, __: Place) -> Phrase:
    return _BABBLING


def _refused(finding: Finding, _: Place) -> Phrase:
    return _EXCEPTIONS.get(finding.exception, _REFUSED)


def _no_port(finding: Finding, place: Place) -> Phrase:
    if place.state != "there":
        return {"missing": _MISSING, "forbidden": _FORBIDDEN, "network": _UNREACHED}[place.state]
    if "parity" in finding.fault:
        return _NO_PARITY
    return _LOST if "went away" in finding.fault else _TAKEN


def _not_asked(finding: Finding, _: Place) -> Phrase:
    return _UNHEARD if finding.port.startswith("mqtt") else _NOT_ASKED


_ADVISERS: Final[dict[str, Callable[[Finding, Place], Phrase | None]]] = {
    "answered": _answered,
    "silent": _silent,
    "garbled": _garbled,
    "babbling": _babbling,
    "refused": _refused,
    "no port": _no_port,
    "not asked": _not_asked,
}
