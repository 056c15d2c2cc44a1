/** What the hub's interface says, as it says it. Times are UTC milliseconds, positions degrees WGS-84. */

import type { Feature, FeatureCollection, LineString, MultiPolygon, Point, Polygon } from "geojson";

export type Level = "normal" | "attention" | "red";
export type Freshness = "fresh" | "stale" | "no_data";
export type AreaKind = "enterprise" | "road" | "construction_site" | "lab_building";
export type StationKind = "reference" | "micro_station" | "lab" | "vehicle";

/** Why an area is not normal: what was measured, where, against what. */
export interface Cause {
  property: string;
  detector: "exceedance" | "local_excess";
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
  basis?: { source: string };
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
  pushes: { receiver: string; created_ms: number; delivered_ms: number | null }[];
}

export interface Ticket {
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
  series: (station: string, property: string, fromMs: number, toMs: number) =>
    get<Series>(
      `stations/${encodeURIComponent(station)}/series?${new URLSearchParams({
        property,
        from_ms: String(Math.floor(fromMs)),
        to_ms: String(Math.ceil(toMs)),
      })}`,
    ),
};
