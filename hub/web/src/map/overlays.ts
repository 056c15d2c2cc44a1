/** What overlays draw: the air quality index, blind spots, and areas as outlines beside them. */

import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { Overlay } from "../overlay";
import { PALETTE } from "../palette";
import { byZoom, PLAIN_FONT, STRONG_FONT } from "./writing";

// Where an overlay has the word, areas are outlines with names: their level is another layer's.
export const PLAIN: LayerSpecification[] = [
  { id: "area-outlines", type: "line", source: "areas", paint: { "line-color": PALETTE.border, "line-width": 1.2 } },
  {
    id: "area-plain-names",
    type: "symbol",
    source: "area-names",
    minzoom: 10.5,
    layout: { "text-field": ["get", "name"], "text-font": PLAIN_FONT, "text-size": byZoom(10.5, 10.5, 14, 13), "text-max-width": 9, "text-padding": 3 },
    paint: { "text-color": PALETTE.soft, "text-halo-color": "#ffffff", "text-halo-width": 1.4 },
  },
];

const isBlind: ExpressionSpecification = [">=", ["get", "strength"], 1e9];
export const BLIND: LayerSpecification[] = [
  {
    id: "blind",
    type: "fill",
    source: "blind",
    paint: {
      "fill-color": ["step", ["get", "strength"], PALETTE.blind[0], 0.5, PALETTE.blind[1], 2, PALETTE.blind[2], 10, PALETTE.blind[3], 1e9, PALETTE.blind[4]],
      "fill-opacity": 0.75,
    },
  },
  // A colour is never alone: what nobody would see is hatched.
  { id: "blind-hatch", type: "fill", source: "blind", filter: isBlind, paint: { "fill-pattern": "pattern-stale", "fill-opacity": 0.5 } },
];

export const INDEXES: LayerSpecification[] = [
  {
    id: "indexes",
    type: "circle",
    source: "indexes",
    layout: { "circle-sort-key": ["get", "order"] },
    paint: {
      "circle-radius": byZoom(9, 9, 12, 15, 14, 20),
      "circle-color": ["case", ["==", ["get", "colour"], ""], PALETTE.grey.fill, ["to-color", ["get", "colour"], PALETTE.grey.fill]],
      "circle-opacity": ["case", ["get", "screening"], 0.55, 0.95],
      "circle-stroke-color": PALETTE.ink,
      "circle-stroke-width": ["case", ["get", "screening"], 0.6, 1.8],
    },
  },
  {
    id: "index-numbers",
    type: "symbol",
    source: "indexes",
    layout: {
      "text-field": ["get", "text"],
      "text-font": STRONG_FONT,
      "text-size": byZoom(9, 9, 12, 12, 14, 15),
      "text-allow-overlap": true,
      "symbol-sort-key": ["get", "order"],
    },
    paint: { "text-color": PALETTE.ink, "text-halo-color": "rgba(255,255,255,0.85)", "text-halo-width": 1.6 },
  },
];

// What an overlay shows; layers that stand in none of these are always there.
const SHOWN: Record<Overlay, string[]> = {
  state: ["areas", "area-patterns", "area-lines", "area-glow", "area-names", "badges", "badges-red", "halos", "stations", "station-names", "tracks", "vehicles", "vehicle-halos"],
  aqi: ["area-outlines", "area-plain-names", "indexes", "index-numbers"],
  blind: ["blind", "blind-hatch", "area-outlines", "area-plain-names", "stations", "station-names", "tracks", "vehicles"],
};

/** Whether a layer is drawn under an overlay. */
export function drawn(layer: string, overlay: Overlay): boolean {
  return SHOWN[overlay].includes(layer) || !Object.values(SHOWN).some((shown) => shown.includes(layer));
}
