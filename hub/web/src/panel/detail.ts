/** The panel of what was clicked: an area's evidence, or a station's values and last day. */

import type { AreaFeature, Cause, Lead, StationFeature } from "../api";
import { byUrgency, byWeight, FAIL, faceOf, isOpen, lies, stationsInExcess, stationState } from "../board";
import { fill, h, icon, onPick } from "../dom";
import { propertyName, quantity, time } from "../format";
import { language, nameOf, say, sayKind } from "../i18n";
import { contains } from "../map/geometry";
import { DayChart } from "./day_chart";
import { chosen, keyOf, outcome } from "./outcome";
import { type Page, placeOf } from "./page";
import { candidates, numbers } from "./reasons";

const PREFERRED = ["pm10", "pm2_5", "temperature", "nox", "no2", "o3", "noise"];

export class Detail {
  readonly element = h("section", { class: "detail", hidden: true, role: "region" });
  private readonly head = h("header");
  private readonly body = h("div", { class: "body" });
  private readonly chartBox = h("div", { class: "day-chart", hidden: true });
  private readonly chart: DayChart;
  private property = "";
  private readonly recomputed = new Set<string>();

  constructor(private readonly page: Page) {
    this.chart = new DayChart(this.chartBox);
    const shut = h("button", { type: "button", class: "shut", "data-role": "close", onclick: () => this.page.select(undefined) }, icon("M6 6l12 12M18 6L6 18"));
    this.element.append(this.head, shut, h("div", { class: "scroll" }, this.chartBox, this.body));
    onPick(this.body, "data-go", (place) => this.page.go(placeOf(place)));
    onPick(this.body, "data-numbers", (key) => {
      if (!this.recomputed.delete(key)) this.recomputed.add(key);
      this.render();
    });
    onPick(this.body, "data-ask", (key) => this.page.ask(key));
    onPick(this.body, "data-label", (written) => {
      const { matter, outcome: found, note } = chosen(this.body, written);
      this.page.record(matter, found, note);
    });
    onPick(this.body, "data-property", (name) => {
      this.property = name;
      this.render();
    });
  }

  render(): void {
    const { selection, board } = this.page;
    const area = selection?.kind === "area" ? board.areas.get(selection.id) : undefined;
    const station = selection?.kind === "station" ? board.stations.get(selection.id) : undefined;
    this.element.hidden = !area && !station;
    this.element.dataset["kind"] = selection?.kind ?? "";
    this.element.querySelector(".shut")?.setAttribute("aria-label", say("close"));
    if (area) this.area(area);
    if (station) this.station(station);
    else this.chart.rest();
    this.chartBox.hidden = !station;
  }

  private area(area: AreaFeature): void {
    const { properties } = area;
    const face = faceOf(properties);
    const districts = properties.districts.map((id) => this.district(id));
    fill(
      this.head,
      h("span", { class: "level", "data-face": face }, say(face)),
      properties.level === "red" && face !== "red" && h("span", { class: "level", "data-face": "red" }, say("red")),
      h("h2", {}, nameOf(properties)),
      h("p", {}, [sayKind(properties.kind), districts.join(language() === "zh" ? "、" : ", "), districts.length > 1 ? say("across_districts") : "", properties.since_ms > 0 ? say("since", { time: time(properties.since_ms) }) : ""].filter(Boolean).join(" · ")),
    );
    const evidence = byWeight(properties.causes);
    const leads = byUrgency(this.page.board.leads.values()).filter((lead) => lead.area === properties.id);
    fill(
      this.body,
      h("h3", {}, say("evidence")),
      ...(evidence.length ? evidence.map((cause) => this.cause(cause)) : [h("p", { class: "note" }, say(properties.freshness === "fresh" ? "no_evidence" : "grey_evidence"))]),
      leads.length > 0 && h("h3", {}, say("area_leads")),
      ...leads.slice(0, 5).map((lead) => this.lead(lead, !evidence.length)),
      ...this.within(area),
    );
  }

  private lead(lead: Lead, withEvidence: boolean): HTMLElement {
    const known = this.page.detailOf(lead);
    const delivered = known?.pushes.find((push) => push.delivered_ms !== null);
    const state = [
      say(isOpen(lead) ? "open" : "closed"),
      say("opened", { time: time(lead.opened_ms) }),
      known?.pushes.length ? (delivered ? say("pushed", { time: time(delivered.delivered_ms ?? 0, "clock") }) : say("pushing")) : "",
    ];
    return h(
      "article",
      { class: "lead-here", "data-open": isOpen(lead) ? "" : undefined },
      h("p", { class: "note" }, state.filter(Boolean).join(" · ")),
      h("p", { class: "told" }, language() === "zh" ? lead.explanation : lead.explanation_en),
      outcome({ kind: "lead", id: lead.id }, known?.label, this.page.asked === keyOf({ kind: "lead", id: lead.id })),
      ...(withEvidence && known ? byWeight(known.evidence).slice(0, 2).map((cause) => this.cause(cause)) : []),
    );
  }

  private district(id: string): string {
    const found = this.page.board.districts.features.find((d) => d.properties.id === id);
    return found ? nameOf(found.properties) : id;
  }

  private cause(cause: Cause): HTMLElement {
    const { properties } = this.page.board;
    const unitOf = properties.get(cause.property)?.unit ?? "";
    const local = cause.detector !== "exceedance";
    const excess = (cause.value ?? NaN) - ((local ? cause.background : cause.threshold) ?? NaN);
    const told = local ? "excess_over" : "over_limit";
    const row = (word: Parameters<typeof say>[0], content: string | Node | false) => content && h("div", {}, h("dt", {}, say(word)), h("dd", {}, content));
    return h(
      "article",
      { class: "cause-card", "data-face": cause.level },
      h("h4", {}, `${propertyName(cause.property, properties)} ${say(cause.detector)}`, Number.isFinite(excess) && excess > 0 && h("b", {}, say(told, { value: quantity(excess, unitOf) }))),
      h(
        "dl",
        {},
        row("value", h("b", {}, quantity(cause.value, unitOf))),
        row("background", cause.background !== null && quantity(cause.background, unitOf)),
        row("threshold", cause.threshold !== null && quantity(cause.threshold, unitOf)),
        row("station", this.link("station", cause.station)),
        row("judged_at", time(cause.minute_ms)),
        row("rule", h("code", {}, cause.rule)),
        row("basis", cause.basis !== undefined && (language() === "zh" && cause.basis.source_zh ? cause.basis.source_zh : cause.basis.source)),
      ),
      ...candidates(cause, this.page.board),
      !cause.candidates?.length && cause.alternatives.length > 0 && h("p", { class: "note" }, `${say("alternatives")} `, ...cause.alternatives.map((id) => this.link("area", id))),
      ...this.numbers(cause, unitOf),
    );
  }

  /** Folded away until somebody wants to recompute: then it stays open while the page lives. */
  private numbers(cause: Cause, unit: string): HTMLElement[] {
    const key = `${cause.datastream} ${cause.rule}`;
    const open = this.recomputed.has(key);
    const found = numbers(cause, unit, this.page.board);
    if (!found.length) return [];
    return [h("button", { type: "button", class: "link-to fold", "data-numbers": key, "aria-expanded": String(open) }, say(open ? "hide_numbers" : "show_numbers")), ...(open ? [h("div", { class: "reckoning" }, ...found)] : [])];
  }

  private link(kind: "area" | "station", id: string): HTMLElement {
    const { board } = this.page;
    const found = kind === "area" ? board.areas.get(id) : board.stations.get(id);
    return h("button", { type: "button", class: "link-to", "data-go": `${kind}/${id}` }, found ? nameOf(found.properties) : id);
  }

  private within(area: AreaFeature): (HTMLElement | false)[] {
    const { board } = this.page;
    const here = [...board.stations.values()].filter((s) => s.geometry && contains(area.geometry, s.geometry.coordinates));
    const rows = here.map((station) =>
      h("div", { class: "here" }, this.link("station", station.properties.id), h("span", {}, this.brief(station))),
    );
    return [rows.length > 0 && h("h3", {}, say("stations_here")), ...rows];
  }

  private brief(station: StationFeature): string {
    const { values } = station.properties;
    const shown = PREFERRED.filter((name) => values[name]).slice(0, 2);
    return shown.map((name) => `${propertyName(name, this.page.board.properties)} ${quantity(values[name]?.value, values[name]?.unit ?? "")}`).join(" · ");
  }

  private station(station: StationFeature): void {
    const { board } = this.page;
    const { properties } = station;
    const state = stationState(station, board.nowMs, stationsInExcess(board));
    const newest = Math.max(0, ...Object.values(properties.values).map((v) => v.time_ms));
    const facts = [sayKind(properties.kind), say(properties.signed ? "gateway" : "unsigned", { id: properties.gateway }), newest > 0 ? say("latest", { time: time(newest) }) : ""];
    fill(
      this.head,
      state === "excess" && h("span", { class: "level", "data-face": "red" }, say("excess_here")),
      state === "silent" && h("span", { class: "level", "data-face": "stale" }, say("legend_silent")),
      state === "failed" && h("span", { class: "level", "data-face": "failed" }, say("legend_failed")),
      h("h2", {}, nameOf(properties)),
      h("p", {}, facts.filter(Boolean).join(" · ")),
    );
    const names = Object.keys(properties.values).sort((a, b) => rank(a) - rank(b));
    if (!names.includes(this.property)) this.property = names[0] ?? "";
    fill(this.body, h("div", { class: "values" }, ...names.map((name) => this.chip(station, name))));
    const latest = properties.values[this.property];
    if (latest) {
      this.chart.show({
        station: properties.id,
        property: this.property,
        title: `${propertyName(this.property, board.properties)} · ${say("last_day")}`,
        nowMs: board.nowMs,
      });
    }
  }

  private chip(station: StationFeature, name: string): HTMLElement {
    const latest = station.properties.values[name];
    const doubt = latest && lies(latest) ? say(latest.flag === FAIL ? "failed" : "flagged") : "";
    return h(
      "button",
      {
        type: "button",
        class: "value",
        "data-property": name,
        "aria-pressed": String(name === this.property),
        "data-doubt": doubt ? "" : undefined,
      },
      h("span", {}, propertyName(name, this.page.board.properties)),
      h("b", {}, quantity(latest?.value, latest?.unit ?? "")),
      doubt && h("em", {}, doubt),
    );
  }
}

function rank(name: string): number {
  const place = PREFERRED.indexOf(name);
  return place < 0 ? PREFERRED.length : place;
}
