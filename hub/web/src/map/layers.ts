/** The map's layers from the ground up: what is painted how. */

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";
import { PALETTE } from "../palette";
import { BLIND, INDEXES, PLAIN } from "./overlays";
import { byZoom, PLAIN_FONT, STRONG_FONT } from "./writing";

const SOURCES = ["grid", "districts", "district-names", "areas", "area-names", "tracks", "stations", "vehicles", "selected", "indexes", "blind"] as const;
export type SourceName = (typeof SOURCES)[number];

export function emptyStyle(): StyleSpecification {
  const nothing = { type: "FeatureCollection" as const, features: [] };
  const source = (name: SourceName) => ({ type: "geojson" as const, data: nothing, lineMetrics: name === "tracks" });
  return {
    version: 8,
    sources: Object.fromEntries(SOURCES.map((name) => [name, source(name)])),
    layers: [{ id: "ground", type: "background", paint: { "background-color": PALETTE.ground } }],
  };
}

function byFace<T extends string | number>(normal: T, attention: T, red: T, grey: T): ExpressionSpecification {
  return ["match", ["get", "face"], "attention", attention, "red", red, "stale", grey, "no_data", grey, normal] as ExpressionSpecification;
}

const isRed: ExpressionSpecification = ["==", ["get", "level"], "red"];

const ground: LayerSpecification[] = [
  { id: "grid", type: "line", source: "grid", paint: { "line-color": PALETTE.grid, "line-width": 1 } },
  { id: "districts", type: "fill", source: "districts", paint: { "fill-color": PALETTE.district } },
];

const areas: LayerSpecification[] = [
  {
    id: "areas",
    type: "fill",
    source: "areas",
    layout: { "fill-sort-key": ["get", "order"] },
    paint: {
      "fill-color": byFace(PALETTE.normal.fill, PALETTE.attention.fill, PALETTE.red.fill, PALETTE.grey.fill),
      "fill-opacity": byFace(0.75, 0.85, 0.9, 0.9),
    },
  },
  {
    id: "area-patterns",
    type: "fill",
    source: "areas",
    filter: ["!=", ["get", "face"], "normal"],
    paint: { "fill-pattern": ["concat", "pattern-", ["get", "face"]] },
  },
  {
    id: "district-borders",
    type: "line",
    source: "districts",
    paint: { "line-color": PALETTE.border, "line-width": 1.2, "line-dasharray": [4, 3] },
  },
  {
    id: "district-names",
    type: "symbol",
    source: "district-names",
    minzoom: 10,
    maxzoom: 13.5,
    layout: { "text-field": ["get", "name"], "text-font": STRONG_FONT, "text-size": byZoom(9, 11, 12, 17), "text-letter-spacing": 0.25, "text-allow-overlap": true, "text-ignore-placement": true },
    paint: { "text-color": PALETTE.faint, "text-opacity": 0.75, "text-halo-color": PALETTE.district, "text-halo-width": 2 },
  },
  {
    id: "area-glow",
    type: "line",
    source: "areas",
    filter: ["all", isRed, ["==", ["get", "face"], "red"]],
    paint: { "line-color": PALETTE.red.glow, "line-width": 12, "line-blur": 8, "line-opacity": 0.4 },
  },
  {
    id: "area-lines",
    type: "line",
    source: "areas",
    layout: { "line-join": "round", "line-sort-key": ["get", "order"] },
    paint: {
      // A red area whose readings have gone stale is grey, yet keeps its red outline.
      "line-color": [
        "case",
        isRed,
        PALETTE.red.line,
        byFace<string>(PALETTE.normal.line, PALETTE.attention.line, PALETTE.red.line, PALETTE.grey.line),
      ],
      "line-width": ["case", isRed, 3, byFace(1, 1.8, 3, 1.2)],
    },
  },
  {
    id: "selected",
    type: "line",
    source: "selected",
    filter: ["!=", ["geometry-type"], "Point"],
    layout: { "line-join": "round" },
    paint: { "line-color": PALETTE.ink, "line-width": 1.6, "line-gap-width": 9, "line-opacity": 0.85 },
  },
];

const places: LayerSpecification[] = [
  {
    id: "tracks",
    type: "line",
    source: "tracks",
    layout: { "line-cap": "round", "line-join": "round" },
    paint: {
      "line-width": byZoom(9, 2, 14, 4.5),
      // The past fades: the first point is an hour old, the last is now.
      "line-gradient": ["interpolate", ["linear"], ["line-progress"], 0, "rgba(15,109,140,0)", 0.5, "rgba(15,109,140,0.28)", 1, "rgba(15,109,140,0.9)"],
    },
  },
  {
    id: "halos",
    type: "circle",
    source: "stations",
    filter: ["==", ["get", "state"], "excess"],
    paint: haloPaint(),
  },
  {
    id: "stations",
    type: "symbol",
    source: "stations",
    layout: {
      "icon-image": ["concat", ["get", "kind"], "-", ["get", "state"]],
      "icon-size": byZoom(8.5, 0.35, 10, 0.55, 11.5, 0.72, 14, 1.1),
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
      "symbol-sort-key": ["get", "order"],
    },
  },
  {
    id: "station-names",
    type: "symbol",
    source: "stations",
    layout: {
      // Reference stations are few and far apart: they are named at every scale.
      "text-field": ["step", ["zoom"], ["case", ["==", ["get", "kind"], "reference"], ["get", "name"], ""], 13, ["get", "name"]],
      "text-font": PLAIN_FONT,
      "text-size": 11,
      "text-anchor": "top",
      "text-offset": ["case", ["==", ["get", "state"], "excess"], ["literal", [0, 1.9]], ["literal", [0, 1.1]]],
      "text-optional": true,
    },
    paint: { "text-color": PALETTE.soft, "text-halo-color": "#ffffff", "text-halo-width": 1.4 },
  },
];

function haloPaint(): Extract<LayerSpecification, { type: "circle" }>["paint"] {
  return {
    "circle-radius": byZoom(9, 7, 11.5, 11, 14, 17),
    "circle-color": PALETTE.red.glow,
    "circle-opacity": 0.16,
    "circle-stroke-color": PALETTE.red.line,
    "circle-stroke-width": 1.6,
  };
}

// An area that is red says which it is at every scale.
const namedBadge: ExpressionSpecification = ["format", ["get", "badge"], {}, "\n", {}, ["get", "name"], { "font-scale": 0.85, "text-font": ["literal", PLAIN_FONT] }];

function badge(id: string, filter: ExpressionSpecification, always: boolean): LayerSpecification {
  return {
    id,
    type: "symbol",
    source: "area-names",
    minzoom: always ? 0 : 10,
    filter: ["all", ["!=", ["get", "badge"], ""], filter],
    layout: {
      // From afar the cause would only crowd the map: many areas may ask for attention on a hazy day.
      "text-field": always ? namedBadge : ["step", ["zoom"], ["get", "short"], 12, ["get", "badge"]],
      "text-font": STRONG_FONT,
      "text-size": always ? 13 : 11,
      "text-anchor": "bottom",
      "text-offset": ["case", ["==", ["get", "kind"], "road"], ["literal", [0, -0.3]], ["literal", [0, -1.1]]],
      "text-max-width": 30,
      "icon-image": ["match", ["get", "face"], "attention", "badge-attention", "red", "badge-red", "badge-grey"],
      "icon-text-fit": "both",
      "icon-text-fit-padding": [1, 3, 1, 3],
      "symbol-sort-key": ["-", ["get", "order"]],
      "text-allow-overlap": always,
      "icon-allow-overlap": always,
    },
    paint: { "text-color": byFace<string>(PALETTE.ink, PALETTE.attention.ink, PALETTE.red.ink, PALETTE.grey.ink) },
  };
}

const names: LayerSpecification[] = [
  {
    id: "area-names",
    type: "symbol",
    source: "area-names",
    minzoom: 10.5,
    filter: ["!", isRed],
    layout: {
      // From afar only the names that somebody may look for; a lab's symbol often stands in the middle, so names stand below it.
      "text-field": ["step", ["zoom"], ["case", ["==", ["get", "face"], "normal"], "", ["get", "name"]], 11, ["get", "name"]],
      "text-font": PLAIN_FONT,
      "text-size": byZoom(10.5, 10.5, 14, 13),
      "text-max-width": 9,
      "text-anchor": ["case", ["==", ["get", "kind"], "road"], "center", "top"],
      "text-offset": ["case", ["==", ["get", "kind"], "road"], ["literal", [0, 0]], ["literal", [0, 0.65]]],
      "symbol-sort-key": ["-", ["get", "order"]],
      "text-padding": 3,
    },
    paint: {
      "text-color": byFace<string>("#37584b", PALETTE.attention.ink, "#7c140d", PALETTE.grey.ink),
      "text-halo-color": "rgba(255,255,255,0.92)",
      "text-halo-width": 1.6,
    },
  },
  badge("badges", ["!", isRed], false),
  badge("badges-red", isRed, true),
];

const moving: LayerSpecification[] = [
  { id: "vehicle-halos", type: "circle", source: "vehicles", filter: ["==", ["get", "state"], "excess"], paint: haloPaint() },
  {
    id: "vehicles",
    type: "symbol",
    source: "vehicles",
    layout: {
      "icon-image": ["concat", "vehicle-", ["get", "state"]],
      "icon-size": byZoom(9, 0.65, 13, 1),
      "icon-allow-overlap": true,
      "text-field": ["step", ["zoom"], "", 10, ["get", "name"]],
      "text-font": STRONG_FONT,
      "text-size": 11,
      "text-anchor": "top",
      "text-offset": [0, 1.25],
      "text-optional": true,
    },
    paint: { "text-color": PALETTE.vehicle, "text-halo-color": "#ffffff", "text-halo-width": 1.6 },
  },
  {
    id: "selected-place",
    type: "circle",
    source: "selected",
    filter: ["==", ["geometry-type"], "Point"],
    paint: { "circle-radius": byZoom(9, 11, 14, 21), "circle-color": "rgba(0,0,0,0)", "circle-stroke-color": PALETTE.ink, "circle-stroke-width": 2.2 },
  },
];

export const LAYERS: LayerSpecification[] = [...ground, ...BLIND, ...areas, ...places, ...names, ...moving, ...PLAIN, ...INDEXES];
export const PLACE_LAYERS = ["vehicles", "stations", "indexes"];
