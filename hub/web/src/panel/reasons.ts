/** Why: who may make an excess and how likely, what would settle it, and the numbers with which a person can check. */

import type { Cause, Explanation } from "../api";
import type { Board } from "../board";
import { h } from "../dom";
import { quantity, time, value } from "../format";
import { compass, language, nameOf, say } from "../i18n";

const LIKELY = 0.5;

/** Everyone who may make an excess, the likeliest first, each with how likely that is. */
export function candidates(cause: Cause, board: Board): HTMLElement[] {
  const found = cause.candidates ?? [];
  if (!found.length) return [];
  const row = (id: string | null, probability: number) => {
    const share = h("meter", {});
    share.max = 1;
    share.value = probability;
    const area = id === null ? undefined : board.areas.get(id);
    const name = id === null ? say("outside") : area ? nameOf(area.properties) : id;
    const who = area ? h("button", { type: "button", class: "link-to", "data-go": `area/${id}` }, name) : h("span", {}, name);
    return h("li", {}, who, share, h("b", {}, probability < 0.01 ? "< 1 %" : `${Math.round(probability * 100)} %`));
  };
  const settled = cause.settle && (language() === "zh" ? cause.settle.words : cause.settle.words_en);
  return [
    h("h5", {}, say((found[0]?.probability ?? 1) < LIKELY ? "sources_unsure" : "sources")),
    h("ul", { class: "sources" }, ...found.map((one) => row(one.area, one.probability))),
    ...(settled ? [h("p", { class: "settle" }, h("b", {}, say("settle")), ` ${settled}`)] : []),
  ];
}

/** The numbers behind a verdict, as rows of a table. */
export function numbers(cause: Cause, unit: string, board: Board): HTMLElement[] {
  const { explanation, basis } = cause;
  if (!explanation) return [];
  const stationOf = (datastream: string): string => {
    const station = board.stations.get(datastream.split("/")[0] ?? "");
    return station ? nameOf(station.properties) : datastream;
  };
  return [
    h("p", {}, threshold(cause, explanation, unit)),
    h("p", {}, say("held", { enter: explanation.enter, leave: explanation.leave, time: time(explanation.since_ms) }), explanation.wind_speed !== null && explanation.wind_direction !== null && ` ${say("wind_then", { from: compass(explanation.wind_direction), speed: value(explanation.wind_speed) })}`),
    ...(basis ? [h("p", {}, say("averaged", { minutes: basis.average_min, valid: basis.valid_min }))] : []),
    ...(explanation.neighbours.length
      ? [
          h("p", {}, say("median_of", { count: explanation.background_count })),
          table(explanation.neighbours.map((one) => [stationOf(one.datastream), time(one.minute_ms, "clock"), quantity(one.value, unit)])),
        ]
      : []),
    ...(explanation.parts.length ? [h("p", {}, say("parts")), table(explanation.parts.map((one) => [time(one.start_ms, "clock"), `${one.valid}/${one.minutes}`, quantity(one.value, unit)]))] : []),
    ...(explanation.history.length ? [h("p", {}, say("history")), table(explanation.history.map((one) => [time(one.minute_ms, "clock"), quantity(one.value, unit), one.background === null ? "" : quantity(one.background, unit)]))] : []),
  ];
}

function threshold(cause: Cause, { absolute, relative }: Explanation, unit: string): string {
  if (!relative || cause.background === null) return say("threshold_fixed", { limit: quantity(cause.threshold, unit) });
  return say("threshold_of", { absolute: quantity(absolute, unit), relative: Math.round(relative * 100), background: quantity(cause.background, unit), limit: quantity(cause.threshold, unit) });
}

function table(rows: string[][]): HTMLElement {
  return h("table", { class: "numbers" }, h("tbody", {}, ...rows.map((cells) => h("tr", {}, ...cells.map((cell) => h("td", {}, cell))))));
}
