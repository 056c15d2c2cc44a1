/** The board as the map's layers read it. */

import type { Feature, FeatureCollection, Geometry, Point } from "geojson";
import type { AreaFeature, StationFeature } from "../api";
import { type Board, faceOf, stationsInExcess, stationState } from "../board";
import { propertyName } from "../format";
import { nameOf, say } from "../i18n";
import { anchorOf } from "./geometry";

// What is painted and labelled last and first: the heavier the face, the higher.
const ORDER = { normal: 0, no_data: 1, stale: 2, attention: 3, red: 4 } as const;
const STATION_ORDER = { micro_station: 0, lab: 1, reference: 2, vehicle: 3 } as const;

// In g/s: more than any source has, for cells in which none would be seen.
const NEVER = 1e9;

function collection<G extends Geometry>(features: Feature<G>[]): FeatureCollection<G> {
  return { type: "FeatureCollection", features };
}

export function areaFeatures(board: Board): FeatureCollection {
  return collection([...board.areas.values()].map((area) => ({ ...area, properties: looks(area) })));
}

function looks({ properties }: AreaFeature) {
  const face = faceOf(properties);
  return { id: properties.id, kind: properties.kind, face, level: properties.level, order: ORDER[face] };
}

/** One point for each area, with the badge that says in words what the colour says. */
export function areaNames(board: Board): FeatureCollection {
  return collection(
    [...board.areas.values()].map((area) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: anchorOf(area.geometry) },
      properties: { ...looks(area), name: nameOf(area.properties), badge: badgeOf(area, board), short: shortOf(area) },
    })),
  );
}

function badgeOf(area: AreaFeature, board: Board): string {
  const { properties } = area;
  const face = faceOf(properties);
  if (face === "normal") return "";
  const worst = properties.causes.find((cause) => cause.level === properties.level);
  if (face !== properties.level || !worst) return shortOf(area);
  return `${say(face)} ${propertyName(worst.property, board.properties)}`;
}

function shortOf({ properties }: AreaFeature): string {
  const face = faceOf(properties);
  if (face === "normal") return "";
  return properties.level === "red" && face !== "red" ? `${say("red")} · ${say(face)}` : say(face);
}

export function districtNames(board: Board): FeatureCollection {
  return collection(
    board.districts.features.map((district) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: anchorOf(district.geometry) },
      properties: { name: nameOf(district.properties) },
    })),
  );
}

/** Where vehicles drove in the last hour, up to where they are now. */
export function tracks(board: Board): FeatureCollection {
  return collection(board.tracks.features);
}

export function fixedStations(board: Board): FeatureCollection {
  return placed(board, (station) => !station.properties.moving);
}

export function vehicles(board: Board): FeatureCollection {
  return placed(board, (station) => station.properties.moving);
}

function placed(board: Board, wanted: (station: StationFeature) => boolean): FeatureCollection<Point> {
  const excess = stationsInExcess(board);
  return collection(
    [...board.stations.values()].filter(wanted).flatMap((station) => {
      const { geometry, properties } = station;
      if (!geometry) return [];
      const { id, kind } = properties;
      const state = stationState(station, board.nowMs, excess);
      const order = STATION_ORDER[kind] + (state === "excess" ? 10 : 0);
      return [{ type: "Feature", geometry, properties: { id, kind, state, order, name: nameOf(properties) } }];
    }),
  );
}

/** The index of the last hour at every station that has one, in words and number: a colour is never alone. */
export function indexes(board: Board): FeatureCollection<Point> {
  return collection(
    (board.aqi?.stations ?? []).flatMap(({ station, screening, hour }) => {
      const place = board.stations.get(station);
      if (!place?.geometry) return [];
      // Where a pollutant is missing the index is at least the highest of the others.
      const least = Math.max(-1, ...hour.pollutants.map((one) => one.iaqi ?? -1));
      const colour = board.aqi?.classes.find((one) => least >= 0 && least <= one.up_to)?.colour ?? "";
      const text = hour.aqi !== null ? String(hour.aqi) : least >= 0 ? `≥${least}` : "–";
      return [{ type: "Feature", geometry: place.geometry, properties: { id: station, text, colour, screening, order: least, name: nameOf(place.properties) } }];
    }),
  );
}

/** The grid of what would be seen; every cell keeps its number for whoever asks why. */
export function blindCells(board: Board): FeatureCollection {
  return collection((board.blind?.features ?? []).map((cell) => ({ ...cell, properties: { id: cell.id, strength: cell.properties.strength_g_s ?? NEVER } })));
}
