"""A hub that plays a scene for the page's makers: the interface of hub/map_api with invented answers, and no judge behind.

Start it with `python hub/web/dev/played_hub.py [port]`, then `npm run dev` beside it, or open it directly after `npm run build`.
`GET /play/{calm,haze,dust,after}` changes the scene, `GET /play/cut` ends every live stream.
"""

import json
import math
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

STATIC = Path(__file__).parents[2] / "map_api" / "static"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
TYPES = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
START_MS = 1_380_873_600_000  # 2013-10-04 08:00 UTC
SPEED = 60
GASES = {"pm2_5": 38.0, "pm10": 71.0, "no2": 31.0, "o3": 62.0}
NAMES = [("enterprise", "晨岳精密", "Chenyue Precision"), ("road", "科创十七街", "Kechuang 17th Street"),
         ("construction_site", "云杉里二期工地", "Yunshanli site, phase 2"), ("enterprise", "澄江生物实验楼", "Chengjiang Bio labs"),
         ("enterprise", "恒序电子", "Hengxu Electronics"), ("road", "荣泰大道", "Rongtai Avenue")]  # fmt: skip


def rectangle(west: float, south: float, width: float, height: float) -> dict[str, Any]:
    """Return a polygon of that size in degrees."""
    east, north = west + width, south + height
    return {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}


class PlayedHub:
    """The scene's state: a function of the real time since the start and of the scene's name."""

    def __init__(self) -> None:
        self.scene, self.cuts, self.begin = "calm", 0, time.monotonic()
        self.areas = [(f"area-{n:02d}", *NAMES[n % 6], rectangle(
            116.425 + (n % 6) * 0.025, 39.745 + (n // 6) * 0.023,
            0.021 if n % 6 in (1, 5) else 0.013, 0.0028 if n % 6 in (1, 5) else 0.011)) for n in range(30)]  # fmt: skip
        self.stations = [
            *((f"micro-{n:03d}", "micro_station", f"微站 {n:03d}", f"Micro {n:03d}",
               116.42 + (n % 10) * 0.0155 + (n * 37 % 11) * 4e-4, 39.742 + (n // 10) * 0.0125) for n in range(100)),
            *((f"lab-{n:02d}", "lab", f"实验室 {n:02d}", f"Lab {n:02d}", 116.503 + n % 2 * 0.002, 39.75 + n * 0.01) for n in range(12)),
            *((f"ref-{n:02d}", "reference", f"标准站 {n:02d}", f"Reference {n:02d}", 116.2 + n % 4 * 0.14, 39.9 + n // 4 * 0.13) for n in range(12)),
            *((f"patrol-{n}", "vehicle", f"走航车 {n}", f"Patrol {n}", math.nan, math.nan) for n in (1, 2)),
        ]  # fmt: skip

    def now_ms(self) -> int:
        """Return the field's time."""
        return START_MS + int((time.monotonic() - self.begin) * 1000 * SPEED)

    def cause(self, station: str, name: str, value: float, background: float | None, level: str) -> dict[str, Any]:
        """Return one cause as the hub says it."""
        return {"property": name, "detector": "local_excess" if background else "exceedance", "level": level, "station": station,
                "minute_ms": self.now_ms() // 60_000 * 60_000, "value": value, "background": background,
                "threshold": 80.0 if background else 28.0, "rule": f"{name}-local-1", "alternatives": ["area-07"]}  # fmt: skip

    def status(self, area: str) -> dict[str, Any]:
        """Return an area's status in the present scene."""
        level, freshness, causes = "normal", "fresh", []
        if self.scene in ("haze", "dust") and area[-1] in "147":
            level, causes = "attention", [self.cause("micro-011", "pm2_5", 181.0, None, "attention")]
        if self.scene == "dust" and area == "area-08":
            level, causes = "red", [self.cause("micro-022", "pm10", 412.0, 168.0, "red"), self.cause("micro-023", "pm10", 301.0, 168.0, "red")]
        freshness = {"area-05": "stale", "area-29": "no_data"}.get(area, freshness)
        return {"id": area, "level": level, "freshness": freshness, "since_ms": START_MS - 5_400_000, "causes": causes}

    def place(self, n: int, at_ms: float) -> tuple[float, float]:
        """Return a vehicle's position: along its rectangle of roads."""
        turn = (at_ms - START_MS) / 5_400_000 * math.tau + n * 2
        return 116.495 + 0.055 * math.copysign(abs(math.cos(turn)) ** 0.5, math.cos(turn)), 39.797 + 0.04 * math.copysign(
            abs(math.sin(turn)) ** 0.5, math.sin(turn)
        )

    def values(self, station: str, kind: str, at_ms: int) -> dict[str, Any]:
        """Return a station's latest values."""
        factor = 3.1 if self.scene in ("haze", "dust") else 1.0
        wave = 1 + 0.25 * math.sin(at_ms / 7_000_000 + hash(station) % 9 / 9)
        found = {name: (typical * factor * wave, "ug/m3") for name, typical in GASES.items()}
        if station == "micro-022" and self.scene == "dust":
            found["pm10"] = (412.0, "ug/m3")
        if kind == "lab":
            found = {"temperature": (22 + wave, "degC"), "humidity": (41.0 * wave, "%"), "noise": (48.0, "dB(A)")}
        if kind == "reference":
            found |= {"wind_speed": (2.4, "m/s"), "wind_direction": (315.0, "deg")}
        if kind == "micro_station":
            found["noise"] = (54.0 * wave, "dB(A)")
        flag = 4 if station == "micro-047" else 1
        old = 7_200_000 if station in ("micro-005", "micro-006", "micro-015") else 0
        return {name: {"value": round(v, 1), "unit": unit, "time_ms": at_ms // 60_000 * 60_000 - old, "flag": flag} for name, (v, unit) in found.items()}

    def station_places(self) -> list[dict[str, Any]]:
        """Return stations with position and values, as a snapshot holds them."""
        now, rows = self.now_ms(), []
        for n, (id_, kind, name, name_en, *fixed) in enumerate(self.stations):
            longitude, latitude = self.place(n, now) if kind == "vehicle" else fixed
            rows.append({"id": id_, "kind": kind, "name": name, "name_en": name_en, "gateway": "gw-east", "moving": kind == "vehicle",
                         "longitude": longitude, "latitude": latitude, "values": self.values(id_, kind, now)})  # fmt: skip
        return rows

    def snapshot(self) -> dict[str, Any]:
        """Return what the live stream says."""
        rows = [{key: row[key] for key in ("id", "longitude", "latitude", "values")} for row in self.station_places()]
        return {"minute_ms": self.now_ms() // 60_000 * 60_000, "now_ms": self.now_ms(), "areas": [self.status(a[0]) for a in self.areas], "stations": rows}

    def leads(self) -> list[dict[str, Any]]:
        """Return the leads of the scene."""
        if self.scene not in ("dust", "after"):
            return []
        return [{"id": 1, "area": "area-08", "cause": {"property": "pm10", "detector": "local_excess"}, "episode_start_ms": START_MS - 5_400_000,
                 "opened_ms": START_MS - 5_280_000, "closed_ms": START_MS if self.scene == "after" else None, "late": False,
                 "explanation": "云杉里二期工地附近 PM10 达 412 µg/m³,比区域背景 168 µg/m³ 高 244 µg/m³(阈值 80 µg/m³),持续 5 分钟。",
                 "explanation_en": "PM10 near Yunshanli site, phase 2 is at 412 µg/m³, 244 µg/m³ above the region's 168 µg/m³ (threshold 80 µg/m³) for 5 minutes.",
                 "evidence": [self.cause("micro-022", "pm10", 412.0, 168.0, "red")]}]  # fmt: skip

    def answer(self, path: str, query: dict[str, list[str]]) -> Any:
        """Return the JSON of a path, None where there is nothing."""
        points = [{"type": "Feature", "id": r["id"], "geometry": {"type": "Point", "coordinates": [r["longitude"], r["latitude"]]},
                   "properties": {k: v for k, v in r.items() if k not in ("longitude", "latitude")}} for r in self.station_places()]  # fmt: skip
        match path.split("/"):
            case ["zone"]:
                return {"name": "京南开发区", "name_en": "Jingnan Development Zone", "bounds": [116.415, 39.737, 116.582, 39.866]}
            case ["areas"]:
                return collection([feature(g, {"kind": k, "name": n, "name_en": e, "districts": ["d-1"], **self.status(a)}) for a, k, n, e, g in self.areas])
            case ["districts"]:
                named = [("东区", "East", 0.0, 0.06), ("中区", "Centre", 0.06, 0.05), ("西区", "West", 0.11, 0.052)]
                return collection([feature(rectangle(116.418 + x, 39.74, w, 0.124), {"id": e, "name": n, "name_en": e}) for n, e, x, w in named])
            case ["stations"]:
                return collection(points)
            case ["stations", station, "series"]:
                times = range(int(query["from_ms"][0]), self.now_ms(), 300_000)
                kind = next(s[1] for s in self.stations if s[0] == station)
                rows = [self.values(station, kind, t)[query["property"][0]] for t in times]
                return {"property": query["property"][0], "unit": rows[0]["unit"], "time_ms": list(times), "value": [r["value"] for r in rows], "flag": [r["flag"] for r in rows]}
            case ["tracks"]:
                lines = [[self.place(n, self.now_ms() - back * 60_000) for back in range(55, -1, -1)] for n in (124, 125)]
                return collection([feature({"type": "LineString", "coordinates": c}, {"station": f"patrol-{n + 1}"}) for n, c in enumerate(lines)])
            case ["leads"]:
                return self.leads()
            case ["leads", _]:
                return self.leads()[0]
            case ["tickets"]:
                return [{"id": 1, "subject": "micro-047/micro-047-pm/pm2_5", "kind": "flat_line", "since_ms": START_MS - 9_000_000, "opened_ms": START_MS - 5_400_000,
                         "closed_ms": None, "explanation": "PM2.5 读数 60 分钟没有变化。", "explanation_en": "PM2.5 has not changed for 60 minutes."}]  # fmt: skip
            case ["properties"]:
                named = [("pm2_5", "ug/m3", "PM2.5", "PM2.5"), ("pm10", "ug/m3", "PM10", "PM10"), ("no2", "ug/m3", "二氧化氮", "NO2"), ("o3", "ug/m3", "臭氧", "O3"),
                         ("temperature", "degC", "温度", "Temperature"), ("humidity", "%", "相对湿度", "Relative humidity"), ("noise", "dB(A)", "噪声", "Noise"),
                         ("wind_speed", "m/s", "风速", "Wind speed"), ("wind_direction", "deg", "风向", "Wind direction")]  # fmt: skip
                return [{"name": n, "unit": u, "chinese": c, "english": e} for n, u, c, e in named]
        return None


def feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    """Return a GeoJSON feature."""
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a GeoJSON feature collection."""
    return {"type": "FeatureCollection", "features": features}


class Door(BaseHTTPRequestHandler):
    """One request to the played hub."""

    hub = PlayedHub()
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:  # noqa: N802  # the library's name
        """Answer from the scene, the live stream or the built page."""
        url = urlparse(self.path)
        if url.path == "/api/live":
            self.live()
        elif url.path.startswith("/api/"):
            found = self.hub.answer(url.path.removeprefix("/api/"), parse_qs(url.query))
            self.say(json.dumps(found).encode(), "application/json", 200 if found is not None else 404)
        elif url.path == "/play/cut":
            self.hub.cuts += 1
            self.say(b"cut", "text/plain")
        elif url.path.startswith("/play/"):
            self.hub.scene = url.path.removeprefix("/play/")
            self.say(self.hub.scene.encode(), "text/plain")
        else:
            path = STATIC / (url.path.lstrip("/") or "index.html")
            known = path.is_file() and path.resolve().is_relative_to(STATIC.resolve())
            self.say(path.read_bytes() if known else b"", TYPES.get(path.suffix, "application/octet-stream"), 200 if known else 404)

    def say(self, body: bytes, kind: str, status: int = 200) -> None:
        """Send one answer."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), "Content-Security-Policy": POLICY}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def live(self) -> None:
        """Send snapshots until cut, and a lead when the scene gets one."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        cuts, told = self.hub.cuts, self.hub.leads()
        try:
            while cuts == self.hub.cuts:
                if self.hub.leads()[:1] != told and (told := self.hub.leads()[:1]):
                    self.wfile.write(b"event: lead\ndata: " + json.dumps(told[0]).encode() + b"\n\n")
                self.wfile.write(b"event: snapshot\ndata: " + json.dumps(self.hub.snapshot(), allow_nan=False).encode() + b"\n\n")
                threading.Event().wait(0.5)
        except (BrokenPipeError, ConnectionResetError):
            return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8765), Door).serve_forever()
