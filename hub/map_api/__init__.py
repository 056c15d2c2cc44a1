"""The map's interface: GeoJSON, series, leads and tickets over HTTP, changes as server-sent events, what people say."""

from hub.map_api.app import Site, create_app
from hub.map_api.broadcast import Sources
from hub.map_api.geojson import Zone
from hub.map_api.live import LiveView

__all__ = ["LiveView", "Site", "Sources", "Zone", "create_app"]
