/** Plane geometry on degrees: the zone is small enough. */

import type { MultiPolygon, Polygon, Position } from "geojson";

export type Bounds = [number, number, number, number];

function rings(shape: Polygon | MultiPolygon): Position[][] {
  return shape.type === "Polygon" ? shape.coordinates : shape.coordinates.flat();
}

export function boundsOf(shapes: Iterable<Polygon | MultiPolygon>): Bounds {
  const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const shape of shapes) for (const ring of rings(shape)) for (const point of ring) stretch(box, point);
  return box;
}

export function boundsOfPoints(points: Iterable<Position>): Bounds {
  const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const point of points) stretch(box, point);
  return box;
}

function stretch(box: Bounds, [x = NaN, y = NaN]: Position): void {
  if (!Number.isFinite(x) || !Number.isFinite(y)) return;
  box[0] = Math.min(box[0], x);
  box[1] = Math.min(box[1], y);
  box[2] = Math.max(box[2], x);
  box[3] = Math.max(box[3], y);
}

/** Whether a place lies in the shape, holes not counted as inside (even-odd rule). */
export function contains(shape: Polygon | MultiPolygon, [x = NaN, y = NaN]: Position): boolean {
  let inside = false;
  for (const ring of rings(shape)) {
    ring.forEach(([x1 = NaN, y1 = NaN], n) => {
      const [x2 = NaN, y2 = NaN] = ring[(n + ring.length - 1) % ring.length] ?? [];
      if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
    });
  }
  return inside;
}

/** Lines of a round step of degrees over the box: a quiet ground where no map of streets may be fetched. */
export function graticule([west, south, east, north]: Bounds, step: number): Position[][] {
  const lines: Position[][] = [];
  for (let x = Math.floor(west / step); x <= Math.ceil(east / step); x++) lines.push([[x * step, south], [x * step, north]]);
  for (let y = Math.floor(south / step); y <= Math.ceil(north / step); y++) lines.push([[west, y * step], [east, y * step]]);
  return lines;
}

/** A place inside the shape for its name: the centroid, or the middle of the widest stretch at its height. */
export function anchorOf(shape: Polygon | MultiPolygon): Position {
  const outer = shape.type === "Polygon" ? shape.coordinates[0] : largest(shape)[0];
  const centre = centroid(outer ?? []);
  if (contains(shape, centre)) return centre;
  const y = centre[1] ?? 0;
  const crossings = rings(shape).flatMap((ring) => crossingsAt(ring, y)).sort((a, b) => a - b);
  let [best, width] = [centre[0] ?? 0, 0];
  for (let n = 0; n + 1 < crossings.length; n += 2) {
    const [west = 0, east = 0] = [crossings[n], crossings[n + 1]];
    if (east - west > width) [best, width] = [(west + east) / 2, east - west];
  }
  return [best, y];
}

function largest(shape: MultiPolygon): Position[][] {
  const size = (polygon: Position[][]): number => Math.abs(doubleArea(polygon[0] ?? []));
  return [...shape.coordinates].sort((a, b) => size(b) - size(a))[0] ?? [];
}

function doubleArea(ring: Position[]): number {
  let sum = 0;
  eachEdge(ring, (x1, y1, x2, y2) => (sum += x1 * y2 - x2 * y1));
  return sum;
}

function centroid(ring: Position[]): Position {
  // Relative to the first corner: products of full degrees would lose the digits that matter.
  const [x0 = 0, y0 = 0] = ring[0] ?? [];
  const local = ring.map(([x = 0, y = 0]) => [x - x0, y - y0]);
  let [x, y] = [0, 0];
  eachEdge(local, (x1, y1, x2, y2) => {
    const cross = x1 * y2 - x2 * y1;
    x += (x1 + x2) * cross;
    y += (y1 + y2) * cross;
  });
  const area = 3 * doubleArea(local);
  return area ? [x0 + x / area, y0 + y / area] : [x0, y0];
}

function crossingsAt(ring: Position[], y: number): number[] {
  const found: number[] = [];
  eachEdge(ring, (x1, y1, x2, y2) => {
    if (y1 > y !== y2 > y) found.push(x1 + ((x2 - x1) * (y - y1)) / (y2 - y1));
  });
  return found;
}

function eachEdge(ring: Position[], take: (x1: number, y1: number, x2: number, y2: number) => void): void {
  for (let n = 0; n + 1 < ring.length; n++) {
    const [[x1 = 0, y1 = 0] = [], [x2 = 0, y2 = 0] = []] = [ring[n], ring[n + 1]];
    take(x1, y1, x2, y2);
  }
}
