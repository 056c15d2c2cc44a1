"""What stands where in the invented development zone: names and shapes on the plane of `firmware_sim.plane`."""

from dataclasses import dataclass
from typing import Final

from firmware_sim.plane import Point, Ring, rectangle, strip

HALF_M: Final = 6_423.0  # a square of 165 km2
BORDER_M: Final = -2_100.0  # the southern district lies south of it

DUST_CENTRE: Final = Point(-3_800, 2_600)
HIDDEN_CENTRE: Final = Point(2_569, 2_569)


@dataclass(frozen=True)
class Area:
    """A polygon that can turn red.

    Attributes:
        kind: enterprise, road or construction_site.
        districts: ids of the districts it lies in.
    """

    id: str
    kind: str
    name: str
    name_en: str
    districts: tuple[str, ...]
    ring: Ring


@dataclass(frozen=True)
class District:
    """One of the three that share the zone."""

    id: str
    name: str
    name_en: str
    ring: Ring


@dataclass(frozen=True)
class Reference:
    """A real station: its name in the record, its names for people, and its place (WGS-84)."""

    recorded: str
    name: str
    longitude: float
    latitude: float

    @property
    def id(self) -> str:
        """Its id in the zone."""
        return f"ref-{self.recorded.lower()}"


REFERENCES: Final = (
    Reference("Aotizhongxin", "奥体中心", 116.397, 39.982),
    Reference("Changping", "昌平镇", 116.230, 40.217),
    Reference("Dingling", "定陵", 116.220, 40.292),
    Reference("Dongsi", "东四", 116.417, 39.929),
    Reference("Guanyuan", "官园", 116.339, 39.929),
    Reference("Gucheng", "古城", 116.184, 39.914),
    Reference("Huairou", "怀柔镇", 116.628, 40.328),
    Reference("Nongzhanguan", "农展馆", 116.461, 39.937),
    Reference("Shunyi", "顺义新城", 116.655, 40.127),
    Reference("Tiantan", "天坛", 116.407, 39.886),
    Reference("Wanliu", "万柳", 116.287, 39.987),
    Reference("Wanshouxigong", "万寿西宫", 116.352, 39.878),
)

DISTRICTS: Final = (
    District(
        "west",
        "西园区",
        "West Park",
        rectangle(Point(-HALF_M / 2, (HALF_M + BORDER_M) / 2), HALF_M, HALF_M - BORDER_M),
    ),
    District(
        "east",
        "东园区",
        "East Park",
        rectangle(Point(HALF_M / 2, (HALF_M + BORDER_M) / 2), HALF_M, HALF_M - BORDER_M),
    ),
    District(
        "south", "南园区", "South Park", rectangle(Point(0, (BORDER_M - HALF_M) / 2), 2 * HALF_M, BORDER_M + HALF_M)
    ),
)

# Name, English name, centre, width, height (m), turn (degrees). Invented firms.
_ENTERPRISES: Final = (
    ("云栎精密制造", "Yunli Precision", Point(-2_600, 4_400), 480, 360, 8),
    ("澄砚涂料", "Chengyan Coatings", Point(-4_900, 4_400), 420, 380, -6),
    ("霁川热电", "Jichuan Heat and Power", Point(-5_000, 1_000), 520, 400, 0),
    ("朔榆铸造", "Shuoyu Foundry", Point(-2_500, 900), 460, 340, 12),
    ("槐序制药", "Huaixu Pharmaceuticals", Point(-4_600, -900), 500, 360, 0),
    ("珩岳汽车部件", "Hengyue Auto Parts", Point(0, 1_500), 640, 420, 4),
    ("岚汀表面处理", "Lanting Surface Treatment", HIDDEN_CENTRE, 460, 400, 0),
    ("芷衡电子材料", "Zhiheng Electronic Materials", Point(4_200, 4_300), 520, 380, -10),
    ("砺舟机械", "Lizhou Machinery", Point(4_300, -1_500), 480, 360, 0),
    ("泓澈水处理药剂", "Hongche Water Chemicals", Point(1_700, -1_150), 440, 320, 5),
    ("珺禾食品", "Junhe Foods", Point(5_850, 1_600), 400, 420, 0),
    ("旻璟半导体", "Minjing Semiconductor", Point(3_500, 1_050), 560, 380, 0),
    ("棠溪包装印刷", "Tangxi Packaging and Printing", Point(-4_500, -3_200), 460, 360, -4),
    ("翊临化纤", "Yilin Fibres", Point(-2_200, -3_200), 480, 380, 0),
    ("沐棹生物", "Muzhao Biotech", Point(300, -3_300), 420, 340, 9),
    ("芃野建材", "Pengye Building Materials", Point(2_800, -3_200), 540, 400, 0),
    ("漪澜新能源", "Yilan New Energy", Point(-3_500, -5_400), 500, 360, 3),
    ("晏河检测", "Yanhe Testing", Point(3_600, -5_400), 420, 340, 0),
)
_SITES: Final = (
    ("西园区安置房工地", "West Park Housing Site", DUST_CENTRE, 560, 500, 0),
    ("东园区地铁车站工地", "East Park Metro Station Site", Point(1_300, 4_300), 380, 300, 0),
    ("市民广场工地", "Civic Square Site", Point(-800, -1_050), 360, 300, 0),
    ("南园区物流园工地", "South Park Logistics Site", Point(4_900, -3_300), 520, 420, 0),
    ("南园区学校工地", "South Park School Site", Point(-700, -5_500), 340, 300, 0),
    ("数据中心工地", "Computing Centre Site", Point(-500, 3_600), 400, 320, 0),
)
_ROADS: Final = (
    ("兴业北路", "Xingye North Road", Point(-6_000, 5_500), Point(6_000, 5_500)),
    ("创新大道", "Chuangxin Avenue", Point(-1_550, -2_000), Point(-1_550, 6_200)),
    ("景明路", "Jingming Road", Point(900, 200), Point(6_200, 200)),
    ("南环路", "South Ring Road", Point(-6_000, -4_350), Point(6_000, -4_350)),
    ("东海路", "Donghai Road", Point(5_350, -2_000), Point(5_350, 6_000)),
    ("西环路", "West Ring Road", Point(-6_000, -6_000), Point(-6_000, 6_000)),
)
_ROAD_WIDTH_M: Final = 60.0


def areas() -> tuple[Area, ...]:
    """Return the 30 areas: enterprises, construction sites, roads."""
    named = [
        *(("enterprise", f"ent-{n:02}", a[0], a[1], rectangle(*a[2:])) for n, a in enumerate(_ENTERPRISES, 1)),
        *(("construction_site", f"site-{n:02}", a[0], a[1], rectangle(*a[2:])) for n, a in enumerate(_SITES, 1)),
        *(("road", f"road-{n:02}", a[0], a[1], strip(a[2], a[3], _ROAD_WIDTH_M)) for n, a in enumerate(_ROADS, 1)),
    ]
    return tuple(Area(id_, kind, name, english, _districts(ring), ring) for kind, id_, name, english, ring in named)


def _districts(ring: Ring) -> tuple[str, ...]:
    inside = {"south" if p.north_m < BORDER_M else "west" if p.east_m < 0 else "east" for p in ring}
    return tuple(sorted(inside))
