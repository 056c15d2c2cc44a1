/** A property's last 24 hours at one station, with its unit; flagged values stand apart and carry no line. */

import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";
import { api, type Series } from "../api";
import { FAIL, MISSING, SUSPECT } from "../board";
import { fill, h } from "../dom";
import { FIELD_ZONE, time, unit, value } from "../format";
import { language, say } from "../i18n";
import { PALETTE } from "../palette";

export interface Shown {
  station: string;
  property: string;
  title: string;
  nowMs: number;
}

const DAY_MS = 86_400_000;
const HEIGHT_PX = 190;
// Real time between two reads of an open chart, however fast the field's clock runs.
const REFRESH_MS = 4_000;
// History may come half-hourly, reference stations hourly: a longer hole is a hole.
const HOLE_MS = 2.5 * 3_600_000;

export class DayChart {
  private readonly title = h("h3");
  private readonly readout = h("span", { class: "readout" });
  private readonly plotBox = h("div", { class: "plot" });
  private readonly note = h("p", { class: "note" });
  private plot: uPlot | undefined;
  private wanted: Shown | undefined;
  private asked = "";
  private askedAt = 0;

  constructor(box: HTMLElement) {
    box.append(h("div", { class: "row" }, this.title, this.readout), this.plotBox, this.note);
    new ResizeObserver(() => this.plot?.setSize({ width: this.plotBox.clientWidth, height: HEIGHT_PX })).observe(this.plotBox);
  }

  rest(): void {
    this.wanted = undefined;
    this.asked = "";
  }

  show(shown: Shown): void {
    this.wanted = shown;
    const key = [shown.station, shown.property, language()].join();
    const again = key === this.asked;
    if (again && performance.now() - this.askedAt < REFRESH_MS) return;
    if (!again) this.clear(shown.title);
    this.asked = key;
    this.askedAt = performance.now();
    void this.read(shown, key);
  }

  private clear(title: string): void {
    fill(this.title, title);
    fill(this.readout);
    fill(this.note);
    this.plot?.destroy();
    this.plot = undefined;
  }

  private async read(shown: Shown, key: string): Promise<void> {
    try {
      const series = await api.series(shown.station, shown.property, shown.nowMs - DAY_MS, shown.nowMs + 60_000);
      if (this.asked === key && this.wanted) this.draw(series, shown.nowMs);
    } catch (fault) {
      console.warn("series:", fault);
      if (this.asked === key && !this.plot) fill(this.note, say("series_failed"));
    }
  }

  private draw(series: Series, nowMs: number): void {
    const columns = toColumns(series);
    const doubtful = columns[2].some((v) => v !== null);
    if (!series.time_ms.length) {
      fill(this.note, say("no_series"));
      return;
    }
    fill(this.note, doubtful && h("span", {}, h("i", { class: "doubt" }), say("flagged_points")));
    this.plot ??= new uPlot(this.options(series), [[], [], []], this.plotBox);
    this.plot.setData(columns as uPlot.AlignedData, false);
    this.plot.batch(() => {
      this.plot?.setScale("x", { min: (nowMs - DAY_MS) / 1000, max: nowMs / 1000 });
      this.plot?.setScale("y", span(series));
    });
  }

  private options(series: Series): uPlot.Options {
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { font, stroke: PALETTE.soft, grid: { stroke: "#e6ebee", width: 1 }, ticks: { show: false } };
    return {
      width: this.plotBox.clientWidth || 320,
      height: HEIGHT_PX,
      tzDate: (s) => uPlot.tzDate(new Date(s * 1000), FIELD_ZONE),
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
      scales: { x: { time: true, auto: false }, y: { auto: false } },
      series: [
        {},
        {
          stroke: PALETTE.station,
          width: 1.6,
          fill: "rgba(39,86,107,0.08)",
          points: { show: false },
          gaps: (_, __, first, last, found) => [...found, ...holes(series, first, last)].map(([from, to]) => [this.x(from), this.x(to)]),
        },
        { paths: () => null, points: { show: true, size: 5, stroke: PALETTE.attention.line, fill: "#ffffff" } },
      ],
      axes: [
        { ...axis, size: 26, space: 60, values: (_, ticks) => ticks.map((s) => time(s * 1000, "clock")) },
        { ...axis, size: 44, label: unit(series.unit), labelFont: font, labelSize: 16, labelGap: 0 },
      ],
      hooks: { setCursor: [(plot) => this.read_out(plot, series.unit)] },
    };
  }

  private x(seconds: number): number {
    return this.plot ? Math.round(this.plot.valToPos(seconds, "x", true)) : 0;
  }

  private read_out(plot: uPlot, written: string): void {
    const n = plot.cursor.idx;
    const at = typeof n === "number" ? plot.data[0][n] : undefined;
    if (typeof n !== "number" || at === undefined) {
      fill(this.readout);
      return;
    }
    const found = plot.data[1]?.[n] ?? plot.data[2]?.[n];
    fill(this.readout, time(at * 1000), " ", h("b", {}, `${value(found)} ${unit(written)}`));
  }
}

type Values = (number | null)[];

/** Seconds, values that count, values in doubt. */
export function toColumns(series: Series): [number[], Values, Values] {
  const doubt = series.flag.map((flag) => flag === SUSPECT || flag === FAIL);
  const known = series.value.map((v, n) => (series.flag[n] === MISSING ? null : v));
  return [series.time_ms.map((ms) => ms / 1000), known.map((v, n) => (doubt[n] ? null : v)), known.map((v, n) => (doubt[n] ? v : null))];
}

function holes(series: Series, first: number, last: number): [number, number][] {
  const found: [number, number][] = [];
  for (let n = first; n < last; n++) {
    const [from = 0, to = 0] = [series.time_ms[n], series.time_ms[n + 1]];
    if (to - from > HOLE_MS) found.push([from / 1000, to / 1000]);
  }
  return found;
}

/** From zero where values are amounts; a temperature's or a wind's own range otherwise. */
function span(series: Series): { min: number; max: number } {
  const found = series.value.filter((v): v is number => v !== null && Number.isFinite(v));
  const [low, high] = [Math.min(...found), Math.max(...found)];
  const room = Math.max((high - low) * 0.12, 1);
  const amount = series.unit.includes("/m3") || series.unit.startsWith("pp");
  return { min: amount ? Math.min(0, low) : low - room, max: high + room };
}
