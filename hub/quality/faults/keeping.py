"""Thresholds as bytes: a zip archive of arrays (npz), the same thresholds giving the same bytes."""

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hub.quality.faults.limits import Scale
from hub.quality.faults.regression import Moments
from hub.quality.faults.shape import Shape
from hub.quality.faults.thresholds import Learnt, Limits, Thresholds

Array = NDArray[Any]

# Of this layout and of the statistics that the scales are of; another is refused.
_VERSION: Final = 2
_TROUBLES: Final = (zipfile.BadZipFile, zlib.error, OSError, EOFError, KeyError, IndexError, TypeError, ValueError)


def dumped(thresholds: Thresholds) -> bytes:
    """Return the thresholds as bytes, for `loaded`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, array in _arrays(thresholds):
            # Without a date of its own an entry would carry the time of writing.
            with archive.open(zipfile.ZipInfo(f"{path}.npy"), "w") as entry:
                np.lib.format.write_array(entry, np.asarray(array), allow_pickle=False)
    return file.getvalue()


def loaded(content: bytes) -> Thresholds:
    """Return the thresholds that `dumped` has written.

    Raises:
        ValueError: the bytes are no such thresholds, are damaged, or were written by another version.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {path: np.asarray(archive[path]) for path in archive.files}
        version = int(arrays["version"])
    except _TROUBLES as trouble:
        raise ValueError(f"these bytes are no thresholds: {trouble}: calibrate again") from trouble
    if version != _VERSION:
        raise ValueError(f"these thresholds have layout {version}, this program reads {_VERSION}: calibrate again")
    try:
        return _thresholds(arrays)
    except _TROUBLES as trouble:
        raise ValueError(f"these thresholds are damaged: {trouble}: calibrate again") from trouble


def _arrays(thresholds: Thresholds) -> Iterator[tuple[str, Any]]:
    names, learnt = sorted(thresholds.limits), thresholds.learnt
    yield "version", _VERSION
    yield "step_h", thresholds.step_h
    yield "false_alarms_per_sensor_month", thresholds.false_alarms_per_sensor_month
    yield "names", np.array(names, np.str_)
    for name in names:
        limits = thresholds.limits[name]
        yield f"limits/{name}/limit", limits.limit
        yield f"limits/{name}/rate", thresholds.rate[name]
        yield f"limits/{name}/statistics", np.array(list(limits.scales), np.str_)
        yield f"limits/{name}/scales", [(scale.monthly, scale.decade) for scale in limits.scales.values()]
        for field in fields(Shape):
            yield f"limits/{name}/shape/{field.name}", getattr(limits.shape, field.name)
    yield "learnt/positions", learnt.positions
    yield "learnt/nearest", learnt.nearest
    for kind, moments in (("alone", learnt.alone), ("witnessed", learnt.witnessed)):
        yield f"learnt/{kind}", np.array(list(moments), np.str_)
        for name, moment in moments.items():
            for part, array in moment._asdict().items():
                yield f"learnt/{kind}/{name}/{part}", array


def _thresholds(arrays: Mapping[str, Array]) -> Thresholds:
    names = arrays["names"].tolist()
    limits = {name: _limits(arrays, f"limits/{name}") for name in names}
    rate = {name: float(arrays[f"limits/{name}/rate"]) for name in names}
    return Thresholds(
        float(arrays["step_h"]), float(arrays["false_alarms_per_sensor_month"]), limits, rate, _learnt(arrays)
    )


def _limits(arrays: Mapping[str, Array], path: str) -> Limits:
    shape: dict[str, Any] = {field.name: arrays[f"{path}/shape/{field.name}"] for field in fields(Shape)}
    single = {name: float(array) for name, array in shape.items() if not array.ndim}
    whats, scales = arrays[f"{path}/statistics"].tolist(), arrays[f"{path}/scales"].tolist()
    known = {what: Scale(*scale) for what, scale in zip(whats, scales, strict=True)}
    limit = float(arrays[f"{path}/limit"])
    if not np.isfinite([limit, *np.ravel(scales)]).all() or not all(np.isfinite(part).all() for part in shape.values()):
        raise ValueError(f"{path} is not finite")
    return Limits(Shape(**{**shape, **single}), known, limit)


def _learnt(arrays: Mapping[str, Array]) -> Learnt:
    positions, nearest = arrays["learnt/positions"], arrays["learnt/nearest"]
    n = len(positions)
    if positions.shape != (n, 2) or nearest.ndim != 2 or len(nearest) != n or (nearest >= n).any():
        raise ValueError(f"learnt is of positions {positions.shape} and neighbours {nearest.shape}")
    alone, witnessed = (
        {name: _moments(arrays, f"learnt/{kind}/{name}", n) for name in arrays[f"learnt/{kind}"].tolist()}
        for kind in ("alone", "witnessed")
    )
    return Learnt(positions, nearest, alone, witnessed)


def _moments(arrays: Mapping[str, Array], path: str, n: int) -> Moments:
    found = Moments(*(arrays[f"{path}/{part}"] for part in Moments._fields))
    d = found.cross.shape[-1]
    if [part.shape for part in found] != [(n, d, d), (n, d), (n, 2)]:
        raise ValueError(f"{path} has shapes {[part.shape for part in found]}")
    return found
