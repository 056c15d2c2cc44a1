/** What the page reads when it opens, and again when the stream was lost. */

import { api } from "./api";
import type { Board } from "./board";

/** Features by the id in their properties. */
export function byId<T extends { properties: { id: string } }>(features: T[]): Map<string, T> {
  return new Map(features.map((feature) => [feature.properties.id, feature]));
}

export async function readBoard(): Promise<Board> {
  const [zone, districts, properties, areas, stations, tracks, leads, tickets] = await Promise.all([
    api.zone(),
    api.districts(),
    api.properties(),
    api.areas(),
    api.stations(),
    api.tracks(),
    api.leads(),
    api.tickets(),
  ]);
  return {
    zone,
    districts,
    properties: new Map(properties.map((p) => [p.name, p])),
    areas: byId(areas.features),
    stations: byId(stations.features),
    tracks,
    leads: new Map(leads.map((lead) => [lead.id, lead])),
    details: new Map(),
    tickets: new Map(tickets.map((ticket) => [ticket.id, ticket])),
    minuteMs: 0,
    nowMs: 0,
    overlay: "state",
    aqi: undefined,
    blind: undefined,
  };
}
