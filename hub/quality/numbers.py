"""The numbers by which a person can check what a ticket says of a device, in Chinese and in English."""

# Chinese has its own punctuation

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hub.bindings import Bindings
from hub.quality.check import Ints, Parameter
from hub.quality.pairs import LAWS, Pairs
from hub.quality.rounds import Seen
from hub.quality.verdict import Quality
from wire.properties import PROPERTIES
from wire.reading import Flag

Texts = tuple[str, str]
_UNITS: Final = {"ug/m3": "µg/m³", "mg/m3": "mg/m³", "degC": "°C", "1": ""}


def of_range(bindings: Bindings, _quality: Quality, _seen: Seen, row: int) -> Texts:
    """Return the plausible range."""
    low, high = bindings.network.low[row], bindings.network.high[row]
    chinese, english, unit = _names(bindings, row)
    return f"{chinese}合理范围{low:g}至{high:g} {unit}。", f"{english} can be {low:g} to {high:g} {unit}."


def of_flat_line(bindings: Bindings, quality: Quality, _seen: Seen, row: int) -> Texts:
    """Return what is repeated, how often, and between what the neighbours moved."""
    flat, (chinese, english, unit) = quality.flat, _names(bindings, row)
    value, count, low, high = flat.value[row], flat.repeats[row], flat.low[row], flat.high[row]
    return (
        f"{chinese}连续{count}次为{value:.4g} {unit}，同期邻近站点中位数在{low:.3g}至{high:.3g}之间变化。",
        f"{english} was {value:.4g} {unit} {count} times; the neighbours' median moved from {low:.3g} to {high:.3g}.",
    )


def of_clipping(bindings: Bindings, quality: Quality, _seen: Seen, row: int) -> Texts:
    """Return the greatest value, how often it came, and what the neighbours had then."""
    clipping, (chinese, english, unit) = quality.rounds.clipping, _names(bindings, row)
    top, count, low, high = clipping.top[row], clipping.returns[row], clipping.low[row], clipping.high[row]
    return (
        f"{chinese}共{count}次停在最高值{top:.4g} {unit}，当时邻近站点中位数为{low:.3g}至{high:.3g}。",
        (
            f"{english} came back {count} times to its greatest value {top:.4g} {unit}; the neighbours had {low:.3g} to"
            f" {high:.3g} then."
        ),
    )


def of_bottom(bindings: Bindings, quality: Quality, seen: Seen, row: int) -> Texts:
    """Return the bottom of the scale, how long the value has been there, and the least that the neighbours had."""
    bottom, (chinese, english, unit) = quality.rounds.bottom, _names(bindings, row)
    limit, value = _of(bindings.checks.bottom.bottom, row), seen.newest.value[row]
    count, least = bottom.run.length[row], bottom.least[row]
    return (
        f"{chinese}连续{count}次不高于{limit:g} {unit}（现为{value:.3g}），同期邻近站点中位数不低于{least:.3g}。",
        (
            f"{english} was at most {limit:g} {unit} {count} times (now {value:.3g}); the neighbours' median was"
            f" {least:.3g} or more."
        ),
    )


def of_gain(bindings: Bindings, quality: Quality, _seen: Seen, row: int) -> Texts:
    """Return the ratio to the neighbours, and what is allowed."""
    gain, (chinese, english, unit) = quality.gain, _names(bindings, row)
    value, background, factor = gain.value[row], gain.background[row], _of(bindings.gain.factor, row)
    ratio, low = value / background, 1 / factor
    return (
        f"{chinese}平均{value:.3g} {unit}，邻近站点{background:.3g}，比值{ratio:.3f}（允许{low:.3f}至{factor:.3f}）。",
        (
            f"{english} averages {value:.3g} {unit}, the neighbours {background:.3g}: {ratio:.3f} times as much"
            f" ({low:.3f} to {factor:.3f} is allowed)."
        ),
    )


def of_rendezvous(bindings: Bindings, quality: Quality, _seen: Seen, row: int) -> Texts:
    """Return gain and offset with their errors, from how many meetings, and what is allowed."""
    met, (chinese, english, unit) = quality.rounds.meetings, _names(bindings, row)
    factor, count = bindings.checks.rendezvous.factor[row], met.met[row]
    gain = f"{met.gain[row]:.2f} ± {met.gain_error[row]:.2f}"
    own = f"{chinese}与对方{count}次相遇比对，增益{gain}（允许{1 / factor:.2f}至{factor:.2f}）"
    foreign = f"{english} met others {count} times: gain {gain} ({1 / factor:.2f} to {factor:.2f} is allowed)"
    if np.isfinite(met.offset[row]):
        offset = f"{met.offset[row]:.3g} ± {met.offset_error[row]:.2g} {unit}"
        return f"{own}，零点{offset}。", f"{foreign}, offset {offset}."
    return f"{own}。", f"{foreign}."


def of_attenuated(bindings: Bindings, quality: Quality, _seen: Seen, row: int) -> Texts:
    """Return both deviations, and the share that is too small."""
    check, (chinese, english, unit) = bindings.checks.attenuated, _names(bindings, row)
    own, other = (float(deviation[row]) for deviation in check.deviations(quality.rounds.attenuated))
    share = _of(check.fail, row)
    return (
        f"{chinese}标准差{own:.2g} {unit}，邻近站点{other:.2g}，不足其{share:.0%}。",
        f"{english} deviates by {own:.2g} {unit}, the neighbours by {other:.2g}: less than {share:.0%} of it.",
    )


def of_spike(bindings: Bindings, quality: Quality, seen: Seen, row: int) -> Texts:
    """Return how many spikes there were of late, and what counts as one."""
    check, (chinese, english, unit) = bindings.checks.spike, _names(bindings, row)
    count = quality.rounds.spike.often.now(_now(seen), check.memory_ms)[row]
    return (
        f"{chinese}近期孤立尖峰{count:.0f}次（一步去、一步回，各超过{_of(check.suspect, row):g} {unit}）。",
        f"{english} jumped by more than {_of(check.suspect, row):g} {unit} and back {count:.0f} times of late.",
    )


def of_rate(bindings: Bindings, quality: Quality, seen: Seen, row: int) -> Texts:
    """Return how often it changed too fast of late, and what is too fast."""
    check, (chinese, english, unit) = bindings.checks.rate_of_change, _names(bindings, row)
    count = quality.rounds.rate_of_change.often.now(_now(seen), check.memory_ms)[row]
    return (
        f"{chinese}近期{count:.0f}次每分钟变化超过{_of(check.suspect, row):g} {unit}。",
        f"{english} changed by more than {_of(check.suspect, row):g} {unit} in a minute {count:.0f} times of late.",
    )


def since_inconsistent(bindings: Bindings, quality: Quality, _seen: Seen) -> Ints:
    """Return int64[n]: since when two properties of a stream's place have not gone together, 0 where they do."""
    since_ms = np.zeros(len(quality.told) + 1, np.int64)
    for pairs, flags, run in _both(bindings, quality):
        bad = np.flatnonzero(flags == Flag.FAIL)
        since_ms[pairs.rows[bad]] = run[bad, None]
    return since_ms[:-1]


def of_consistency(bindings: Bindings, quality: Quality, seen: Seen, row: int) -> Texts:
    """Return which two properties do not go together, by how much, and whether it is known which of them lies."""
    checks = bindings.checks
    wrong = np.flatnonzero((quality.pair_flag == Flag.FAIL) & (checks.pairs.rows == row).any(axis=1))
    if not wrong.size:
        return _of_oxidant(bindings, quality, seen, row)
    at = int(wrong[0])
    law = list(LAWS.values())[checks.pairs.law[at]]
    limit, worst = checks.consistency, quality.pairs.worst[at]
    part, whole = " + ".join(_english(law.part)), " + ".join(_english(law.whole))
    rule = f"{part} <= {_of(limit.share, at):g} x {whole} + {_of(limit.slack, at):g}"
    unit = "ppb" if law.amounts else "µg/m³"
    values = ", ".join(
        f"{PROPERTIES[bindings.network.datastreams[one].property].english} {seen.newest.value[one]:.3g}"
        for one in checks.pairs.rows[at].tolist()
        if one < len(seen.near)
    )
    own, foreign = _whose(bindings, quality, seen, row)
    return (
        f"应有{rule}（{unit}），最多超出{worst:.3g}；现值{values} µg/m³。{own}",
        f"{rule} ({unit}) must hold; it was exceeded by up to {worst:.3g}; now {values} µg/m³. {foreign}",
    )


def _of_oxidant(bindings: Bindings, quality: Quality, seen: Seen, row: int) -> Texts:
    checks = bindings.checks
    at = int(np.flatnonzero((checks.places.rows == row).any(axis=1))[0])
    total, others = checks.places.sums(seen.newest.value)[0][at], checks.places.sums(seen.near)[0][at]
    usual = quality.rounds.oxidant.usual[at]
    return (
        f"NO2与O3之和{total:.0f} ppb，邻近站点{others:.0f}，平时相差{usual:.0f}。",
        f"NO2 and O3 add up to {total:.0f} ppb, the neighbours' to {others:.0f}; they usually differ by {usual:.0f}.",
    )


def _whose(bindings: Bindings, quality: Quality, seen: Seen, row: int) -> Texts:
    near, (chinese, english, _) = seen.near[row], _names(bindings, row)
    pair = bindings.checks.pairs.rows[(bindings.checks.pairs.rows == row).any(axis=1)]
    others = pair[(pair != row) & (pair < len(seen.near))]
    if np.isfinite(near) and (quality.consistency_flag[others] < Flag.SUSPECT).all():
        return f"邻近站点{chinese}为{near:.3g}，应是此项有误。", f"Neighbours have {near:.3g} {english}: this one lies."
    return "尚不能判定哪一项有误。", "Which of them lies is not decided."


def of_device(bindings: Bindings, rows: list[int], minutes: int) -> Texts:
    """Return which properties of a device are silent, for how long."""
    known = [PROPERTIES[bindings.network.datastreams[row].property] for row in rows]
    own, foreign = "、".join(one.chinese for one in known), ", ".join(one.english for one in known)
    return f"{own}：{minutes}分钟无数据，网关在线。", f"{foreign}: nothing for {minutes} min; its gateway speaks."


def of_gateway(bindings: Bindings, rows: NDArray[np.intp], minutes: int) -> Texts:
    """Return how many devices of a gateway are silent, for how long."""
    devices = len({bindings.network.datastreams[row].device for row in rows.tolist()})
    return (
        f"网关全部{devices}台设备（{len(rows)}个监测项）{minutes}分钟无数据。",
        f"Nothing from all its {devices} devices ({len(rows)} streams) for {minutes} min.",
    )


def _both(bindings: Bindings, quality: Quality) -> tuple[tuple[Pairs, NDArray[np.uint8], Ints], ...]:
    checks, state = bindings.checks, quality.rounds
    return (
        (checks.places, state.place_flag, state.oxidant.run.since_ms),
        (checks.pairs, quality.pair_flag, quality.pairs.run.since_ms),
    )


def _names(bindings: Bindings, row: int) -> tuple[str, str, str]:
    known = PROPERTIES[bindings.network.datastreams[row].property]
    return known.chinese, known.english, _UNITS.get(known.unit, known.unit)


def _english(names: tuple[str, ...]) -> list[str]:
    return [PROPERTIES[name].english for name in names]


def _of(parameter: Parameter, row: int) -> float:
    return float(np.broadcast_to(parameter, (row + 1,))[row] if np.ndim(parameter) == 0 else np.asarray(parameter)[row])


def _now(seen: Seen) -> Ints:
    return np.full(len(seen.near), seen.minute * 60_000)
