/** What the hub's interface says, as it says it. Times are UTC milliseconds, positions degrees WGS-84. */

import type { Feature, FeatureCollection, LineString, MultiPolygon, Point, Polygon } from "geojson";

export type Level = "normal" | "attention" | "red";
export type Freshness = "fresh" | "stale" | "no_data";
export type AreaKind = "enterprise" | "road" | "construction_site" | "lab_building";
export type StationKind = "reference" | "micro_station" | "lab" | "vehicle";

/** Why an area is not normal: what was measured, where, against what. */
export interface Cause {
  property: string;
  detector: "exceedance" | "local_excess" | "onset";
  level: Level;
  station: string;
  datastream: string;
  minute_ms: number;
  value: number | null;
  background: number | null;
  threshold: number | null;
  rule: string;
  alternatives: string[];
  /** What the rule rests on; old evidence does not tell. */
  basis?: { source: string; source_zh?: string; standard: string; average_min: number; valid_min: number };
  /** Who may make the excess, null for somebody outside of all areas. */
  candidates?: { area: string | null; probability: number }[];
  settle?: { words: string; words_en: string; longitude: number; latitude: number } | null;
  explanation?: Explanation | null;
}

/** How value, background and threshold came about: enough to recompute them. */
export interface Explanation {
  background_count: number;
  neighbours: { datastream: string; minute_ms: number; value: number | null }[];
  parts: { start_ms: number; minutes: number; valid: number; value: number | null }[];
  history: { minute_ms: number; value: number | null; background: number | null }[];
  absolute: number | null;
  relative: number;
  enter: number;
  leave: number;
  since_ms: number;
  wind_speed: number | null;
  wind_direction: number | null;
}

export interface AreaStatus {
  id: string;
  level: Level;
  freshness: Freshness;
  since_ms: number;
  causes: Cause[];
}

export interface AreaProperties extends AreaStatus {
  kind: AreaKind;
  name: string;
  name_en: string;
  districts: string[];
}

export interface DistrictProperties {
  id: string;
  name: string;
  name_en: string;
}

export interface LatestValue {
  value: number | null;
  unit: string;
  time_ms: number;
  flag: number;
}

export interface StationProperties {
  id: string;
  kind: StationKind;
  name: string;
  name_en: string;
  gateway: string;
  signed: boolean;
  moving: boolean;
  values: Record<string, LatestValue>;
}

export interface StationStatus {
  id: string;
  longitude: number | null;
  latitude: number | null;
  values: Record<string, LatestValue>;
}

export interface Series {
  property: string;
  unit: string;
  time_ms: number[];
  value: (number | null)[];
  flag: number[];
}

export interface Lead {
  id: number;
  revision: number;
  area: string;
  cause: { property: string; detector: Cause["detector"] };
  episode_start_ms: number;
  opened_ms: number;
  closed_ms: number | null;
  late: boolean;
  explanation: string;
  explanation_en: string;
}

export interface LeadDetail extends Lead {
  evidence: Cause[];
  /** What a person found; null while nobody has said. */
  label?: Label | null;
  pushes: { receiver: string; created_ms: number; delivered_ms: number | null }[];
}

export interface Ticket {
  label?: Label | null;
  id: number;
  revision: number;
  subject: string;
  kind: string;
  since_ms: number;
  opened_ms: number;
  closed_ms: number | null;
  explanation: string;
  explanation_en: string;
}

export type Outcome = "confirmed" | "sensor_fault" | "regional" | "false";

/** What a person found of a lead or ticket; the latest counts. */
export interface Label {
  outcome: Outcome;
  note: string;
  said_by: string;
  said_ms: number;
}

/** How the hourly checks stand; without a calibration only the fixed checks judge. */
export interface Checks {
  calibration: {
    thresholds: string;
    false_alarms_per_sensor_month: number;
    calibrated_ms: number;
    age_days: number;
    history_from_ms: number;
    history_to_ms: number;
  } | null;
  properties: {
    property: string;
    streams: number;
    estimated_per_sensor_month: number | null;
    alarms: number;
    alarms_per_sensor_month: number | null;
  }[];
  standing: { station: string; device: string; property: string; kind: string; since_ms: number }[];
}

/** How often what one origin opened was right; month "" is all time, low and high are a 95 % interval. */
export interface Precision {
  origin: "detector" | "rule" | "check";
  name: string;
  month: string;
  opened: number;
  labelled: number;
  precision: number | null;
  low: number;
  high: number;
  few: boolean;
}

export interface AqiClass {
  up_to: number;
  chinese: string;
  english: string;
  colour: string;
}

export interface AqiIndex {
  aqi: number | null;
  level: AqiClass | null;
  primary: string[];
  missing: string[];
  pollutants: { property: string; iaqi: number | null }[];
}

/** The index of the hour and of the day that are over; a screening device's is no method of the standard. */
export interface Aqi {
  standard: string;
  in_force: boolean;
  hour_ms: number;
  classes: AqiClass[];
  stations: { station: string; screening: boolean; hour: AqiIndex; day: AqiIndex }[];
}

export interface BlindCell {
  /** Null where nothing that a zone has would be seen. */
  strength_g_s: number | null;
  near_ug_m3: number | null;
  reason: string;
  station: string | null;
}

/** By cell the smallest source that would be seen now. */
export type BlindSpots = FeatureCollection<Polygon, BlindCell> & {
  minute_ms: number;
  property: string;
  probability: number;
  words: Record<string, { chinese: string; english: string }>;
};

export interface Zone {
  name: string;
  name_en: string;
  /** West, south, east, north. */
  bounds: [number, number, number, number];
}

export interface ObservedProperty {
  name: string;
  unit: string;
  chinese: string;
  english: string;
}

/** The judge's view after the last closed minute; now_ms is the field's clock. */
export interface Snapshot {
  minute_ms: number;
  now_ms: number;
  areas: AreaStatus[];
  stations: StationStatus[];
}

export type AreaFeature = Feature<Polygon | MultiPolygon, AreaProperties>;
export type StationFeature = Feature<Point | null, StationProperties>;
export type Areas = FeatureCollection<Polygon | MultiPolygon, AreaProperties>;
export type Districts = FeatureCollection<Polygon | MultiPolygon, DistrictProperties>;
export type Stations = FeatureCollection<Point | null, StationProperties>;
export type Tracks = FeatureCollection<LineString, { station: string }>;

const TIMEOUT_MS = 15_000;

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(`api/${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`api/${path}: ${answer.status}`);
  return (await answer.json()) as T;
}

async function post<T>(path: string, body: unknown): Promise<T> {
  const answer = await fetch(`api/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!answer.ok) throw new Error(`api/${path}: ${answer.status}`);
  return (await answer.json()) as T;
}

export const api = {
  zone: () => get<Zone>("zone"),
  areas: () => get<Areas>("areas"),
  districts: () => get<Districts>("districts"),
  stations: () => get<Stations>("stations"),
  tracks: () => get<Tracks>("tracks"),
  leads: () => get<Lead[]>("leads"),
  lead: (id: number) => get<LeadDetail>(`leads/${id}`),
  tickets: () => get<Ticket[]>("tickets"),
  properties: () => get<ObservedProperty[]>("properties"),
  aqi: () => get<Aqi>("aqi"),
  blindSpots: (property: string) => get<BlindSpots>(`blind_spots?${new URLSearchParams({ property })}`),
  checks: () => get<Checks>("checks"),
  precision: () => get<Precision[]>("precision"),
  label: (kind: "lead" | "ticket", id: number, said: { outcome: Outcome; note: string; close: boolean }) =>
    post<unknown>(`${kind}s/${id}/label`, said),
  series: (station: string, property: string, fromMs: number, toMs: number) =>
    get<Series>(
      `stations/${encodeURIComponent(station)}/series?${new URLSearchParams({
        property,
        from_ms: String(Math.floor(fromMs)),
        to_ms: String(Math.ceil(toMs)),
      })}`,
    ),
};
