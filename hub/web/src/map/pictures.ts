/** Symbols, badges and patterns of the map, drawn here so that nothing is fetched. */

import type { Map as MapLibreMap } from "maplibre-gl";
import { PALETTE } from "../palette";

const RATIO = 2;

type Pen = (draw: CanvasRenderingContext2D, size: number) => void;

function picture(size: number, pen: Pen): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * RATIO;
  const draw = canvas.getContext("2d", { willReadFrequently: true });
  if (!draw) throw new Error("no 2d canvas");
  draw.scale(RATIO, RATIO);
  draw.lineJoin = draw.lineCap = "round";
  pen(draw, size);
  return draw.getImageData(0, 0, size * RATIO, size * RATIO);
}

export function addPictures(map: MapLibreMap): void {
  const add = (name: string, size: number, pen: Pen): void => {
    map.addImage(name, picture(size, pen), { pixelRatio: RATIO });
  };
  add("pattern-attention", 12, hatch(PALETTE.attention.line, 0.5, 1, 1));
  add("pattern-red", 8, crossed(PALETTE.red.line, 0.42, 1.1));
  add("pattern-stale", 8, hatch(PALETTE.grey.line, 0.6, 1, -1));
  add("pattern-no_data", 10, dots(PALETTE.grey.line, 0.7));
  for (const [state, color] of Object.entries({ well: undefined, excess: PALETTE.red.line, failed: PALETTE.attention.line, silent: PALETTE.silent })) {
    add(`micro_station-${state}`, 14, micro(color ?? PALETTE.station, state));
    add(`reference-${state}`, 20, reference(color ?? PALETTE.reference, state));
    add(`lab-${state}`, 20, lab(color ?? PALETTE.lab, state));
    add(`vehicle-${state}`, 28, vehicle(color ?? PALETTE.vehicle, state));
  }
  addBadge(map, "badge-attention", PALETTE.attention.fill, PALETTE.attention.line);
  addBadge(map, "badge-red", PALETTE.red.line, "#ffffff");
  addBadge(map, "badge-grey", "#f1f3f5", PALETTE.grey.line);
}

/** A pill that stretches to its text. */
function addBadge(map: MapLibreMap, name: string, fill: string, line: string): void {
  const size = 20;
  const pill = picture(size, (draw) => {
    draw.beginPath();
    draw.roundRect(1, 1, size - 2, size - 2, 6);
    draw.fillStyle = fill;
    draw.fill();
    draw.lineWidth = 1.4;
    draw.strokeStyle = line;
    draw.stroke();
  });
  const [from, to] = [8 * RATIO, 12 * RATIO];
  map.addImage(name, pill, {
    pixelRatio: RATIO,
    stretchX: [[from, to]],
    stretchY: [[from, to]],
    content: [6 * RATIO, 3 * RATIO, 14 * RATIO, 17 * RATIO],
  });
}

function hatch(color: string, opacity: number, width: number, lean: 1 | -1): Pen {
  return (draw, size) => {
    draw.strokeStyle = color;
    draw.globalAlpha = opacity;
    draw.lineWidth = width;
    draw.beginPath();
    for (const shift of [-size, 0, size]) {
      draw.moveTo(shift - 1, lean === 1 ? size + 1 : -1);
      draw.lineTo(shift + size + 1, lean === 1 ? -1 : size + 1);
    }
    draw.stroke();
  };
}

function crossed(color: string, opacity: number, width: number): Pen {
  const [one, other] = [hatch(color, opacity, width, 1), hatch(color, opacity, width, -1)];
  return (draw, size) => {
    one(draw, size);
    other(draw, size);
  };
}

function dots(color: string, opacity: number): Pen {
  return (draw, size) => {
    draw.fillStyle = color;
    draw.globalAlpha = opacity;
    for (const [x, y] of [
      [size / 4, size / 4],
      [(3 * size) / 4, (3 * size) / 4],
    ] as const) {
      draw.beginPath();
      draw.arc(x, y, 1, 0, Math.PI * 2);
      draw.fill();
    }
  };
}

/** Fill the path in the state's manner: silent is hollow, failed carries a stroke across. */
function finish(draw: CanvasRenderingContext2D, size: number, color: string, state: string): void {
  draw.fillStyle = state === "silent" ? "#ffffff" : color;
  draw.strokeStyle = state === "silent" ? color : "#ffffff";
  draw.lineWidth = 1.6;
  if (state === "silent") draw.setLineDash([2, 1.6]);
  draw.fill();
  draw.stroke();
  draw.setLineDash([]);
  if (state !== "failed") return;
  draw.strokeStyle = "#ffffff";
  draw.lineWidth = 1.8;
  const reach = size * 0.19;
  draw.beginPath();
  draw.moveTo(size / 2 - reach, size / 2 - reach);
  draw.lineTo(size / 2 + reach, size / 2 + reach);
  draw.moveTo(size / 2 + reach, size / 2 - reach);
  draw.lineTo(size / 2 - reach, size / 2 + reach);
  draw.stroke();
}

function micro(color: string, state: string): Pen {
  return (draw, size) => {
    draw.beginPath();
    draw.arc(size / 2, size / 2, size / 2 - 2, 0, Math.PI * 2);
    finish(draw, size, color, state);
  };
}

function reference(color: string, state: string): Pen {
  return (draw, size) => {
    const [middle, reach] = [size / 2, size / 2 - 1.5];
    draw.beginPath();
    draw.moveTo(middle, middle - reach);
    draw.lineTo(middle + reach, middle);
    draw.lineTo(middle, middle + reach);
    draw.lineTo(middle - reach, middle);
    draw.closePath();
    finish(draw, size, color, state);
  };
}

function lab(color: string, state: string): Pen {
  return (draw, size) => {
    draw.beginPath();
    draw.roundRect(2, 2, size - 4, size - 4, 4);
    finish(draw, size, color, state);
    if (state === "failed") return;
    // A flask.
    draw.strokeStyle = state === "silent" ? color : "#ffffff";
    draw.lineWidth = 1.3;
    draw.beginPath();
    draw.moveTo(8.4, 5.2);
    draw.lineTo(8.4, 9);
    draw.lineTo(5.9, 14.2);
    draw.lineTo(14.1, 14.2);
    draw.lineTo(11.6, 9);
    draw.lineTo(11.6, 5.2);
    draw.moveTo(7.2, 5.2);
    draw.lineTo(12.8, 5.2);
    draw.stroke();
  };
}

function vehicle(color: string, state: string): Pen {
  return (draw, size) => {
    draw.beginPath();
    draw.arc(size / 2, size / 2, size / 2 - 2, 0, Math.PI * 2);
    finish(draw, size, color, state);
    if (state === "failed") return;
    // A van from its side.
    draw.fillStyle = state === "silent" ? color : "#ffffff";
    draw.beginPath();
    draw.roundRect(6.5, 9.5, 10, 7, 1.5);
    draw.fill();
    draw.beginPath();
    draw.moveTo(17, 11.5);
    draw.lineTo(19.6, 11.5);
    draw.lineTo(21.5, 14);
    draw.lineTo(21.5, 16.5);
    draw.lineTo(17, 16.5);
    draw.closePath();
    draw.fill();
    for (const x of [10.4, 18]) {
      draw.beginPath();
      draw.arc(x, 17, 1.9, 0, Math.PI * 2);
      draw.fillStyle = state === "silent" ? color : "#ffffff";
      draw.fill();
      draw.lineWidth = 1.1;
      draw.strokeStyle = state === "silent" ? "#ffffff" : color;
      draw.stroke();
    }
  };
}
