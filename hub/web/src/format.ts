/** How times, values and units are written. The field's clock is Asia/Shanghai wherever the reader sits. */

import type { ObservedProperty } from "./api";
import { language } from "./i18n";

export const FIELD_ZONE = "Asia/Shanghai";

type Style = "clock" | "clock_s" | "date" | "moment";

const SHAPES: Record<Style, Intl.DateTimeFormatOptions> = {
  clock: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  clock_s: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  date: { year: "numeric", month: "short", day: "numeric", weekday: "short" },
  moment: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
};

const writers = new Map<string, Intl.DateTimeFormat>();

export function time(ms: number, style: Style = "moment"): string {
  const key = language() + style;
  const known = writers.get(key);
  const writer =
    known ?? new Intl.DateTimeFormat(language() === "zh" ? "zh-CN" : "en-GB", { ...SHAPES[style], timeZone: FIELD_ZONE });
  if (!known) writers.set(key, writer);
  return writer.format(ms);
}

const UNITS: Record<string, string> = {
  "ug/m3": "µg/m³",
  "mg/m3": "mg/m³",
  "ng/m3": "ng/m³",
  degC: "°C",
  deg: "°",
};

export function unit(written: string): string {
  return UNITS[written] ?? written;
}

/** Three significant figures at most: a screening instrument knows no more. */
export function value(number: number | null | undefined): string {
  if (number === null || number === undefined || !Number.isFinite(number)) return "–";
  const size = Math.abs(number);
  return number.toFixed(size >= 99.5 ? 0 : 1);
}

export function quantity(number: number | null | undefined, written: string): string {
  return `${value(number)} ${unit(written)}`;
}

export function propertyName(name: string, known: ReadonlyMap<string, ObservedProperty>): string {
  const property = known.get(name);
  const text = property ? (language() === "zh" ? property.chinese : property.english) : name;
  return text.replace(/^(NO|O|SO)([23])$/, (_, gas: string, n: string) => gas + (n === "2" ? "₂" : "₃"));
}
