/** What the page knows of the hub, brought up to date by the live stream. */

import type {
  Aqi,
  AreaFeature,
  AreaStatus,
  BlindSpots,
  Cause,
  Districts,
  Lead,
  LeadDetail,
  LatestValue,
  ObservedProperty,
  Snapshot,
  StationFeature,
  StationKind,
  Ticket,
  Tracks,
  Zone,
} from "./api";
import type { Overlay } from "./overlay";

export type Selection = { kind: "area" | "station"; id: string } | undefined;

/** Flags of QARTOD from which on a value takes no part in judgement. */
export const SUSPECT = 3;
export const FAIL = 4;
export const MISSING = 9;

const HOUR_MS = 3_600_000;
// A screen's idea of "nothing new", wide enough for history that enters at half-hourly values; levels are the hub's to judge.
const SILENT_AFTER_MS: Record<StationKind, number> = {
  reference: 3 * HOUR_MS,
  micro_station: 0.75 * HOUR_MS,
  lab: 0.75 * HOUR_MS,
  vehicle: 0.75 * HOUR_MS,
};

export interface Board {
  zone: Zone;
  districts: Districts;
  properties: ReadonlyMap<string, ObservedProperty>;
  areas: Map<string, AreaFeature>;
  stations: Map<string, StationFeature>;
  tracks: Tracks;
  leads: Map<number, Lead>;
  /** What is known of leads beyond the list, by id; read when somebody looks. */
  details: Map<number, LeadDetail>;
  tickets: Map<number, Ticket>;
  minuteMs: number;
  nowMs: number;
  overlay: Overlay;
  /** Read while somebody looks at it. */
  aqi: Aqi | undefined;
  blind: BlindSpots | undefined;
}

export type Face = AreaStatus["level"] | Exclude<AreaStatus["freshness"], "fresh">;

/** How an area is painted: what is not fresh is never shown as normal. */
export function faceOf(status: AreaStatus): Face {
  return status.freshness === "fresh" ? status.level : status.freshness;
}

export type StationState = "well" | "excess" | "failed" | "silent";

/** Take a snapshot in; true when it speaks of stations that the board does not know yet. */
export function takeSnapshot(board: Board, snapshot: Snapshot): boolean {
  board.minuteMs = snapshot.minute_ms;
  board.nowMs = snapshot.now_ms;
  for (const status of snapshot.areas) {
    const area = board.areas.get(status.id);
    if (area) area.properties = { ...area.properties, ...status };
  }
  let strangers = false;
  for (const status of snapshot.stations) {
    const station = board.stations.get(status.id);
    if (!station) {
      strangers = true;
      continue;
    }
    station.properties.values = status.values;
    if (status.longitude !== null && status.latitude !== null) {
      station.geometry = { type: "Point", coordinates: [status.longitude, status.latitude] };
      if (station.properties.moving) driveOn(board, status.id, status.longitude, status.latitude);
    }
  }
  return strangers;
}

/** Lengthen a vehicle's track to where it is now; the hub gives the whole track anew from time to time. */
function driveOn(board: Board, id: string, longitude: number, latitude: number): void {
  const track = board.tracks.features.find((one) => one.properties.station === id)?.geometry.coordinates;
  const last = track?.at(-1);
  if (last?.[0] !== longitude || last[1] !== latitude) track?.push([longitude, latitude]);
}

/** The stations at which something unusual was seen that colours an area now. */
export function stationsInExcess(board: Board): Set<string> {
  const found = new Set<string>();
  for (const { properties } of board.areas.values()) {
    if (properties.level !== "red" || properties.freshness !== "fresh") continue;
    for (const cause of properties.causes) if (cause.station) found.add(cause.station);
  }
  return found;
}

export function stationState(station: StationFeature, nowMs: number, excess: ReadonlySet<string>): StationState {
  const { id, kind } = station.properties;
  const values = Object.values(station.properties.values);
  const newest = Math.max(0, ...values.map((latest) => latest.time_ms));
  if (nowMs - newest > SILENT_AFTER_MS[kind]) return "silent";
  if (excess.has(id)) return "excess";
  return values.some(lies) ? "failed" : "well";
}

export function lies(latest: LatestValue): boolean {
  return latest.flag === SUSPECT || latest.flag === FAIL;
}

export function isOpen(matter: Lead | Ticket): boolean {
  return !matter.closed_ms;
}

/** Take leads or tickets in, except where a later revision is known already. */
export function takeNewer<T extends Lead | Ticket>(known: Map<number, T>, said: Iterable<T>): void {
  for (const matter of said) {
    if ((known.get(matter.id)?.revision ?? 0) <= matter.revision) known.set(matter.id, matter);
  }
}

/** Newest first, open ones before those that are over. */
export function byUrgency<T extends Lead | Ticket>(matters: Iterable<T>): T[] {
  return [...matters].sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || b.opened_ms - a.opened_ms || b.id - a.id);
}

/** Evidence, heaviest first. */
export function byWeight(causes: readonly Cause[]): Cause[] {
  return [...causes].sort((a, b) => share(b) - share(a));
}

function share(cause: Cause): number {
  return ((cause.value ?? 0) - (cause.background ?? 0)) / (cause.threshold || 1);
}

export interface Region {
  medians: { property: string; value: number; unit: string }[];
  /** Degrees from which the wind comes and metres a second; undefined when nobody measures it. */
  wind: { from: number; speed: number } | undefined;
}

/** The air over the whole region as the reference stations have it: what an enterprise is not to blame for. */
export function regionOf(board: Board): Region {
  const stations = [...board.stations.values()].filter((s) => s.properties.kind === "reference");
  const latest = (property: string): LatestValue[] =>
    stations
      .map((s) => s.properties.values[property])
      .filter((v): v is LatestValue => !!v && v.value !== null && !lies(v) && board.nowMs - v.time_ms < 3 * HOUR_MS);
  const medians = ["pm2_5", "pm10", "no2", "o3"].flatMap((property) => {
    const found = latest(property);
    const middle = median(found.map((v) => v.value as number));
    return middle === undefined ? [] : [{ property, value: middle, unit: found[0]?.unit ?? "" }];
  });
  return { medians, wind: meanWind(stations) };
}

function meanWind(stations: StationFeature[]): Region["wind"] {
  let east = 0;
  let north = 0;
  let count = 0;
  for (const { properties } of stations) {
    const speed = properties.values["wind_speed"]?.value;
    const from = properties.values["wind_direction"]?.value;
    if (typeof speed !== "number" || typeof from !== "number") continue;
    east += speed * Math.sin((from * Math.PI) / 180);
    north += speed * Math.cos((from * Math.PI) / 180);
    count += 1;
  }
  if (!count) return undefined;
  const degrees = (Math.atan2(east, north) * 180) / Math.PI;
  return { from: (degrees + 360) % 360, speed: Math.hypot(east, north) / count };
}

function median(numbers: number[]): number | undefined {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half];
  if (upper === undefined) return undefined;
  return sorted.length % 2 ? upper : (upper + (sorted[half - 1] ?? upper)) / 2;
}
