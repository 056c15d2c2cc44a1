/** What the map's colours, patterns and symbols mean. */

import type { Board } from "../board";
import { fill, h } from "../dom";
import { time } from "../format";
import { language, say, type Word } from "../i18n";

const FACES: Word[] = ["red", "attention", "normal", "stale", "no_data"];
const BLIND: Word[] = ["blind_1", "blind_2", "blind_3", "blind_4", "blind_none"];
const PLACES: [string, Word][] = [
  ["micro", "micro_station"],
  ["reference", "reference"],
  ["lab", "lab"],
  ["vehicle", "vehicle"],
  ["track", "legend_track"],
  ["halo", "legend_halo"],
  ["failed", "legend_failed"],
  ["silent", "legend_silent"],
];

export class Legend {
  readonly element = h("details", { class: "legend" });

  constructor() {
    // A strip under the map where there is room, a fold on a phone.
    const wide = matchMedia("(min-width: 900px)");
    const suit = (): void => void (this.element.open = wide.matches);
    wide.addEventListener("change", suit);
    suit();
  }

  render(board: Board): void {
    const rows = (title: Word, entries: [string, string, Word][]) =>
      h("div", {}, h("h3", {}, say(title)), h("ul", {}, ...entries.map(([attribute, key, word]) => h("li", {}, h("i", { [`data-${attribute}`]: key }), say(word)))));
    fill(
      this.element,
      h("summary", {}, say("legend")),
      board.overlay === "state" && rows("legend_areas", FACES.map((face) => ["face", face, face])),
      board.overlay === "aqi" && this.index(board),
      board.overlay === "blind" && rows("legend_blind", BLIND.map((word) => ["blind", word.slice(6), word])),
      board.overlay !== "aqi" && rows("legend_stations", PLACES.map(([key, word]) => ["place", key, word])),
    );
  }

  private index({ aqi }: Board): HTMLElement {
    if (!aqi) return h("div", {}, say("loading"));
    const lower = (n: number): number => (aqi.classes[n - 1]?.up_to ?? -1) + 1;
    return h(
      "div",
      {},
      h("h3", {}, say("legend_aqi", { standard: aqi.standard, hour: time(aqi.hour_ms, "clock") })),
      h(
        "ul",
        {},
        ...aqi.classes.map((one, n) => h("li", {}, h("i", { "data-aqi": String(n) }), `${lower(n)}–${one.up_to} ${language() === "zh" ? one.chinese : one.english}`)),
        h("li", {}, h("i", { "data-aqi": "none" }), say("aqi_none")),
      ),
      h("p", {}, say("legend_aqi_note")),
    );
  }
}
