/** The head of the page: whose zone, how it stands, the field's time, whether the hub is heard. */

import type { FieldClock } from "../clock";
import { type Board, type Face, faceOf } from "../board";
import { fill, h } from "../dom";
import { time } from "../format";
import { nameOf, say } from "../i18n";
import type { Connection } from "../live";

const FACES = ["red", "attention", "normal", "grey"] as const;
const CUT_OFF_AFTER_MS = 4_000;

export class Bar {
  readonly element: HTMLElement;
  private readonly title = h("h1");
  private readonly summary = h("ul", { class: "summary" });
  private readonly internal = h("span", { class: "internal" });
  private readonly clock = h("time", { class: "clock" });
  private readonly link = h("span", { class: "link", role: "status" });
  private readonly other = h("button", { type: "button", class: "quiet", "data-role": "language", onclick: () => this.speak() });
  private readonly warning = h("p", { class: "warning", role: "alert", hidden: true });
  private lostAt: number | undefined;

  constructor(
    private readonly fieldClock: FieldClock,
    private readonly speak: () => void,
  ) {
    this.element = h(
      "header",
      { class: "head" },
      h(
        "div",
        { class: "bar" },
        h("span", { class: "mark", "aria-hidden": "true" }),
        this.title,
        this.internal,
        this.summary,
        this.clock,
        this.link,
        this.other,
      ),
      this.warning,
    );
    window.setInterval(() => this.tick(), 250);
  }

  render(board: Board | undefined, connection: Connection): void {
    fill(this.title, h("b", {}, "QuietWatch"), board && h("span", {}, nameOf(board.zone)));
    fill(this.internal, say("internal"));
    this.internal.title = say("internal_long");
    fill(this.other, say("other_language"));
    this.other.title = say("switch_language");
    this.link.dataset["state"] = connection;
    fill(this.link, say(connection));
    if (connection === "live") this.lostAt = undefined;
    else if (connection === "reconnecting") this.lostAt ??= performance.now();
    if (board) this.count(board);
    this.tick();
  }

  private count(board: Board): void {
    const counts = { red: 0, attention: 0, normal: 0, grey: 0 };
    for (const { properties } of board.areas.values()) counts[group(faceOf(properties))] += 1;
    this.summary.setAttribute("aria-label", say("summary_label"));
    fill(
      this.summary,
      ...FACES.map((face) =>
        h("li", { "data-face": face, "data-none": counts[face] ? undefined : "" }, h("i"), h("span", {}, say(face)), h("b", {}, counts[face])),
      ),
    );
    document.title = counts.red ? `(${counts.red}) ${say("red")} · QuietWatch` : "QuietWatch";
  }

  private tick(): void {
    const now = this.fieldClock.now(performance.now());
    const { fast, pace } = this.fieldClock;
    const parts = now === undefined ? [] : [
      h("span", { class: "date" }, time(now, "date")),
      h("b", {}, time(now, fast ? "clock" : "clock_s")),
      h("span", { class: "zone" }, fast ? say("pace", { pace: Number(pace.toPrecision(2)) }) : say("beijing_time")),
    ];
    fill(this.clock, ...parts);
    this.clock.title = say("beijing_time");
    const heard = this.fieldClock.heardMs;
    const lost = this.lostAt !== undefined && performance.now() - this.lostAt > CUT_OFF_AFTER_MS && heard !== undefined;
    this.warning.hidden = !lost;
    document.documentElement.toggleAttribute("data-cut-off", lost);
    if (lost) fill(this.warning, say("cut_off", { time: time(heard) }));
  }
}

function group(face: Face): (typeof FACES)[number] {
  return face === "stale" || face === "no_data" ? "grey" : face;
}
