/** What the map shows of the zone: how areas stand, the air quality index, or what nobody would see. One at a time, never mixed. */

export const OVERLAYS = ["state", "aqi", "blind"] as const;
export type Overlay = (typeof OVERLAYS)[number];
