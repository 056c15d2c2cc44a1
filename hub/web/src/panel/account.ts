/** How well is judged: the thresholds in force and their budget, what stands in the dock, and how often people agreed. */

import type { Checks, Precision } from "../api";
import { fill, h, icon } from "../dom";
import { propertyName, time } from "../format";
import { say, sayKind, type Word } from "../i18n";
import type { Page } from "./page";

const READ_EVERY_MS = 30_000;

export interface Account {
  checks: Checks;
  precision: Precision[];
}

export class AccountPanel {
  readonly element = h("section", { class: "account", hidden: true, role: "dialog" });
  private readonly body = h("div", { class: "scroll" });
  private readonly title = h("h2");
  private readonly shut = h("button", { type: "button", class: "shut", onclick: () => this.toggle(false) }, icon("M6 6l12 12M18 6L6 18"));
  private known: Account | undefined;
  private failed = false;
  private readAt = -Infinity;

  constructor(
    private readonly page: Page,
    private readonly read: () => Promise<Account>,
  ) {
    this.element.append(h("header", {}, this.title), this.shut, this.body);
  }

  toggle(open = this.element.hidden): void {
    this.element.hidden = !open;
    this.readAt = -Infinity;
    this.render();
    if (open) this.shut.focus();
  }

  render(): void {
    if (this.element.hidden) return;
    fill(this.title, say("account"));
    this.element.setAttribute("aria-label", say("account"));
    this.shut.setAttribute("aria-label", say("close"));
    if (performance.now() - this.readAt > READ_EVERY_MS) void this.ask();
    if (this.known) fill(this.body, ...this.told(this.known));
    else fill(this.body, h("p", { class: "note" }, say(this.failed ? "account_failed" : "loading")));
  }

  private async ask(): Promise<void> {
    this.readAt = performance.now();
    try {
      this.known = await this.read();
    } catch (fault) {
      this.failed = true;
      console.warn("account:", fault);
    }
    this.render();
  }

  private told({ checks, precision }: Account): HTMLElement[] {
    return [
      h("h3", {}, say("thresholds")),
      this.calibration(checks),
      ...(checks.properties.length ? [this.rates(checks)] : []),
      h("h3", {}, say("standing_faults")),
      ...this.standing(checks),
      h("h3", {}, say("precision")),
      h("p", { class: "note" }, say("precision_note")),
      ...(precision.length ? [this.precision(precision)] : [h("p", { class: "note" }, say("nothing_labelled"))]),
    ];
  }

  private calibration({ calibration }: Checks): HTMLElement {
    if (!calibration) return h("p", { class: "note" }, say("not_calibrated"));
    const told = say("calibrated", {
      budget: calibration.false_alarms_per_sensor_month,
      time: time(calibration.calibrated_ms),
      days: calibration.age_days.toFixed(calibration.age_days < 10 ? 1 : 0),
    });
    const span = say("calibrated_on", { from: time(calibration.history_from_ms, "date"), to: time(calibration.history_to_ms, "date") });
    return h("p", {}, `${told} ${span} `, h("code", {}, calibration.thresholds.slice(0, 12)));
  }

  private rates(checks: Checks): HTMLElement {
    const rows = checks.properties.map((one) => [
      propertyName(one.property, this.page.board.properties),
      String(one.streams),
      rate(one.estimated_per_sensor_month),
      rate(one.alarms_per_sensor_month),
      String(one.alarms),
    ]);
    return table(["property", "datastreams", "rate_expected", "rate_seen", "alarms"], rows);
  }

  private standing({ standing }: Checks): HTMLElement[] {
    if (!standing.length) return [h("p", { class: "note" }, say("no_standing"))];
    return standing.map((fault) =>
      h("p", {}, h("b", {}, fault.device), ` ${propertyName(fault.property, this.page.board.properties)} · ${sayKind(`fault_${fault.kind}`)} · ${say("since", { time: time(fault.since_ms) })}`),
    );
  }

  private precision(found: Precision[]): HTMLElement {
    const rows = found
      .filter((one) => one.month === "")
      .map((one) => [
        `${say(`origin_${one.origin}`)} ${sayKind(one.origin === "check" ? `fault_${one.name}` : one.name)}`,
        String(one.opened),
        String(one.labelled),
        one.precision === null ? "–" : `${percent(one.precision)} (${percent(one.low)}–${percent(one.high)})`,
        one.labelled > 0 && one.few ? say("few") : "",
      ]);
    return table(["origin", "opened_count", "labelled", "right", "blank"], rows);
  }
}

function table(head: Word[], rows: string[][]): HTMLElement {
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...head.map((word) => h("th", {}, say(word))))),
    h("tbody", {}, ...rows.map((cells) => h("tr", {}, ...cells.map((cell) => h("td", {}, cell))))),
  );
}

function rate(number: number | null): string {
  return number === null ? "–" : number.toFixed(2);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
