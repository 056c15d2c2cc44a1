/** The zone on the screen: the board's areas, stations and tracks painted, clicks turned into selections. */

import "maplibre-gl/dist/maplibre-gl.css";
import type { Feature, GeoJSON } from "geojson";
import { GeoJSONSource, Map as MapLibreMap, ScaleControl, setWorkerUrl } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { type Board, faceOf, type Selection } from "../board";
import { language, say } from "../i18n";
import type { Overlay } from "../overlay";
import { areaFeatures, areaNames, blindCells, districtNames, fixedStations, indexes, tracks, vehicles } from "./features";
import { type Bounds, boundsOf, boundsOfPoints, graticule } from "./geometry";
import { emptyStyle, LAYERS, PLACE_LAYERS, type SourceName } from "./layers";
import { drawn } from "./overlays";
import { addPictures } from "./pictures";

setWorkerUrl(workerUrl);

const PULSE_STEP_MS = 90;
const PULSE_PERIOD_MS = 2_600;
const IDLE_MS = 500;
// A frame may take this part of the time until the next.
const COST_SHARE = 4;
const FINGER_PX = 12;
const BADGE_LAYERS = ["badges-red", "badges", "area-names"];

export class ZoneMap {
  private readonly map: MapLibreMap;
  private readonly painted = new Map<SourceName, string>();
  private readonly stillness = matchMedia("(prefers-reduced-motion: reduce)");
  private ready = false;
  private board: Board | undefined;
  private overlay: Overlay | undefined;
  private selection: Selection;

  /** @throws when the browser has no WebGL 2. */
  constructor(
    container: HTMLElement,
    private readonly select: (selection: Selection) => void,
    private readonly explain: (cell: number | undefined) => void,
  ) {
    this.map = new MapLibreMap({
      container,
      style: emptyStyle(),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      minZoom: 7,
      maxZoom: 17,
      fadeDuration: 150,
      center: [116.5, 39.8],
      zoom: 11,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 90 }), "bottom-right");
    this.map.on("load", () => this.furnish());
    this.map.on("click", ({ point }) => {
      if (this.overlay === "blind") this.explain(this.cellUnder(point.x, point.y));
      else this.select(this.under(point.x, point.y));
    });
    this.map.on("mousemove", ({ point }) => {
      this.map.getCanvas().style.cursor = this.under(point.x, point.y) ? "pointer" : "";
    });
    this.pulse();
  }

  private furnish(): void {
    addPictures(this.map);
    for (const layer of LAYERS) this.map.addLayer(layer);
    this.ready = true;
    if (this.board) this.paint(this.board, this.selection);
    this.map.getContainer().dataset["ready"] = "true";
  }

  /** Bring the map up to the board; sources that have not changed are left alone. */
  paint(board: Board, selection: Selection): void {
    const first = !this.board;
    this.board = board;
    this.selection = selection;
    if (first) this.showZone(0);
    if (!this.ready) return;
    const lines = graticule(widened(this.everything(), 1.5), 0.05);
    this.put("grid", { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } });
    this.put("districts", board.districts);
    this.put("district-names", districtNames(board));
    this.put("areas", areaFeatures(board));
    this.put("area-names", areaNames(board));
    this.put("stations", fixedStations(board));
    this.put("vehicles", vehicles(board));
    this.put("tracks", tracks(board));
    this.put("indexes", indexes(board));
    this.put("blind", blindCells(board));
    this.put("selected", this.selected());
    this.lay(board.overlay);
  }

  private lay(overlay: Overlay): void {
    if (overlay === this.overlay) return;
    this.overlay = overlay;
    for (const { id } of LAYERS) this.map.setLayoutProperty(id, "visibility", drawn(id, overlay) ? "visible" : "none");
  }

  private put(name: SourceName, shape: GeoJSON): void {
    const now = JSON.stringify(shape);
    if (this.painted.get(name) === now) return;
    this.painted.set(name, now);
    this.map.getSource<GeoJSONSource>(name)?.setData(shape);
  }

  private selected(): GeoJSON {
    const found = this.selection && this.featureOf(this.selection);
    return { type: "FeatureCollection", features: found?.geometry ? [found as Feature] : [] };
  }

  private featureOf({ kind, id }: NonNullable<Selection>) {
    return kind === "area" ? this.board?.areas.get(id) : this.board?.stations.get(id);
  }

  private cellUnder(x: number, y: number): number | undefined {
    const cell = this.map.queryRenderedFeatures([x, y], { layers: ["blind"] })[0];
    return cell && Number(cell.properties["id"]);
  }

  private under(x: number, y: number): Selection {
    if (!this.ready) return undefined;
    const distance = (place: Feature): number => {
      if (place.geometry.type !== "Point") return Infinity;
      const at = this.map.project(place.geometry.coordinates as [number, number]);
      return Math.hypot(at.x - x, at.y - y);
    };
    const places = this.map.queryRenderedFeatures(around(x, y, FINGER_PX), { layers: PLACE_LAYERS });
    const nearest = places.sort((a, b) => distance(a) - distance(b))[0];
    if (nearest && distance(nearest) <= FINGER_PX * 1.5) return { kind: "station", id: String(nearest.properties["id"]) };
    const area =
      this.map.queryRenderedFeatures([x, y], { layers: BADGE_LAYERS })[0] ??
      this.map.queryRenderedFeatures([x, y], { layers: ["areas"] })[0] ??
      // Roads are thin from afar.
      this.map.queryRenderedFeatures(around(x, y, FINGER_PX / 2), { layers: ["areas"] })[0];
    return area ? { kind: "area", id: String(area.properties["id"]) } : undefined;
  }

  /** Move to a place; the paddings keep it clear of the open panel. */
  show(selection: NonNullable<Selection>): void {
    const feature = this.featureOf(selection);
    if (!feature?.geometry) return;
    const { geometry } = feature;
    const bounds = geometry.type === "Point" ? boundsOfPoints([geometry.coordinates]) : boundsOf([geometry]);
    this.map.fitBounds(bounds, { padding: this.padding(70), maxZoom: Math.max(13.4, this.map.getZoom()), duration: 900 });
  }

  showZone(duration = 700): void {
    if (this.board) this.map.fitBounds(this.board.zone.bounds, { padding: this.padding(28), duration });
  }

  showRegion(): void {
    this.map.fitBounds(this.everything(), { padding: this.padding(50), duration: 900 });
  }

  zoom(by: 1 | -1): void {
    this.map.zoomTo(this.map.getZoom() + by, { duration: 250 });
  }

  private everything() {
    const [west, south, east, north] = this.board?.zone.bounds ?? [116, 39.5, 117, 40.5];
    const corners = [
      [west, south],
      [east, north],
    ];
    const points = [...(this.board?.stations.values() ?? [])].flatMap((s) => (s.geometry ? [s.geometry.coordinates] : []));
    return boundsOfPoints([...corners, ...points]);
  }

  private padding(edge: number) {
    const covered = document.querySelector(".detail")?.getBoundingClientRect();
    const frame = this.map.getContainer().getBoundingClientRect();
    const padding = { top: edge, bottom: edge, left: edge, right: edge };
    if (!covered?.width) return padding;
    if (covered.width > frame.width * 0.8) {
      padding.bottom = frame.bottom - covered.top + 16;
      padding.top = padding.left = padding.right = 36;
    } else padding.left = covered.right - frame.left + edge / 2;
    return padding;
  }

  /** Let red areas breathe; on a machine that draws slowly the breath takes fewer frames, not the machine. */
  private pulse(): void {
    if (!this.ready || document.hidden || this.stillness.matches || !this.hasRed()) {
      window.setTimeout(() => this.pulse(), IDLE_MS);
      return;
    }
    const begun = performance.now();
    this.map.once("render", () => {
      const cost = performance.now() - begun;
      window.setTimeout(() => this.pulse(), Math.max(PULSE_STEP_MS, cost * COST_SHARE));
    });
    const breath = (1 - Math.cos((begun / PULSE_PERIOD_MS) * 2 * Math.PI)) / 2;
    this.map.setPaintProperty("area-glow", "line-opacity", 0.15 + 0.5 * breath);
    this.map.setPaintProperty("area-glow", "line-width", 8 + 10 * breath);
  }

  private hasRed(): boolean {
    return [...(this.board?.areas.values() ?? [])].some(({ properties }) => faceOf(properties) === "red");
  }

  relabel(): void {
    this.map.getCanvas().setAttribute("aria-label", say("map_label"));
    this.map.getCanvas().lang = language();
  }
}

function around(x: number, y: number, reach: number): [[number, number], [number, number]] {
  return [
    [x - reach, y - reach],
    [x + reach, y + reach],
  ];
}

function widened([west, south, east, north]: Bounds, by: number): Bounds {
  return [west - by, south - by, east + by, north + by];
}
