/** What the map's colours, patterns and symbols mean. */

import { fill, h } from "../dom";
import { say, type Word } from "../i18n";

const FACES: Word[] = ["red", "attention", "normal", "stale", "no_data"];
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

  render(): void {
    const rows = (title: Word, entries: [string, string, Word][]) =>
      h("div", {}, h("h3", {}, say(title)), h("ul", {}, ...entries.map(([attribute, key, word]) => h("li", {}, h("i", { [`data-${attribute}`]: key }), say(word)))));
    fill(
      this.element,
      h("summary", {}, say("legend")),
      rows("legend_areas", FACES.map((face) => ["face", face, face])),
      rows("legend_stations", PLACES.map(([key, word]) => ["place", key, word])),
    );
  }
}
