/** The side of the page: the region's air, leads and tickets, newest first. */

import type { Lead, Ticket } from "../api";
import { byUrgency, isOpen, regionOf } from "../board";
import { fill, h, icon, onPick, windArrow } from "../dom";
import { propertyName, time, unit, value } from "../format";
import { compass, language, nameOf, say } from "../i18n";
import { chosen, keyOf, outcome } from "./outcome";
import { type Page, placeOf } from "./page";

type Tab = "leads" | "tickets";

const TABS: Tab[] = ["leads", "tickets"];
const FRESH_MS = 8_000;

export class Side {
  readonly element: HTMLElement;
  private readonly grip = h("button", { type: "button", class: "grip", onclick: () => this.toggle() });
  private readonly region = h("section", { class: "region" });
  private readonly tabs = h("div", { class: "tabs", role: "tablist" });
  private readonly list = h("div", { class: "list", role: "tabpanel", "aria-live": "polite" });
  private tab: Tab = "leads";
  private drawn = "";
  private readonly seen = new Map<string, number>();

  constructor(private readonly page: Page) {
    this.element = h("aside", { class: "side" }, this.grip, this.region, this.tabs, this.list);
    onPick(this.tabs, "data-tab", (tab) => this.turn(tab as Tab));
    onPick(this.list, "data-ask", (key) => this.page.ask(key));
    onPick(this.list, "data-label", (written) => {
      const { matter, outcome: found, note } = chosen(this.list, written);
      this.page.record(matter, found, note);
    });
    this.list.addEventListener("click", ({ target }) => {
      // A press inside the outcome is about the matter, not a wish to see its place.
      if (!(target instanceof Element) || target.closest(".outcome")) return;
      const place = target.closest("[data-go]")?.getAttribute("data-go");
      if (place) this.page.go(placeOf(place));
    });
  }

  private toggle(open = !this.element.classList.contains("open")): void {
    this.element.classList.toggle("open", open);
    this.grip.setAttribute("aria-expanded", String(open));
  }

  /** On a phone the panel gives way to the map. */
  fold(): void {
    this.toggle(false);
  }

  render(): void {
    const { leads, tickets } = this.page.board;
    this.renderRegion();
    const now = [language(), this.tab, JSON.stringify([...leads.values()]), JSON.stringify([...tickets.values()]), this.selected(), this.page.asked].join();
    if (now === this.drawn) return;
    this.drawn = now;
    this.renderTabs();
    const found = this.tab === "leads" ? byUrgency(leads.values()).map((l) => this.lead(l)) : byUrgency(tickets.values()).map((t) => this.ticket(t));
    fill(this.list, ...(found.length ? found : [this.nothing()]));
    this.renderGrip();
  }

  private selected(): string {
    return this.page.selection ? `${this.page.selection.kind}/${this.page.selection.id}` : "";
  }

  private renderRegion(): void {
    const { medians, wind } = regionOf(this.page.board);
    const blowing = wind && wind.speed >= 0.3;
    const words = blowing ? say("wind", { from: compass(wind.from), speed: value(wind.speed) }) : say("calm");
    fill(
      this.region,
      h("h2", { title: say("region_note") }, say("region"), wind && h("span", { class: "wind" }, blowing && windArrow(wind.from), words)),
      h("dl", {}, ...medians.flatMap((m) => [
        h("div", {}, h("dt", {}, propertyName(m.property, this.page.board.properties)), h("dd", {}, value(m.value))),
      ])),
      h("small", {}, say("region_note"), medians[0] && ` · ${unit(medians[0].unit)}`),
    );
    this.region.hidden = !medians.length && !wind;
  }

  private renderTabs(): void {
    const count = { leads: this.page.board.leads, tickets: this.page.board.tickets };
    fill(
      this.tabs,
      ...TABS.map((tab) => {
        const open = [...count[tab].values()].filter(isOpen).length;
        const button = h("button", { type: "button", role: "tab", "aria-selected": String(tab === this.tab), "data-tab": tab });
        fill(button, say(tab), h("b", { "data-none": open ? undefined : "" }, open));
        return button;
      }),
    );
  }

  private turn(tab: Tab): void {
    this.tab = tab;
    this.render();
  }

  private renderGrip(): void {
    const newest = byUrgency(this.page.board.leads.values()).filter(isOpen)[0];
    const open = [...this.page.board.leads.values()].filter(isOpen).length;
    fill(
      this.grip,
      h("b", { "data-open": open ? "" : undefined }, `${say("leads")} ${open}`),
      h("span", {}, newest ? `${time(newest.opened_ms, "clock")} ${this.areaName(newest.area)}` : say("no_leads")),
      icon("M6 15l6-6 6 6"),
    );
  }

  private areaName(id: string): string {
    const area = this.page.board.areas.get(id);
    return area ? nameOf(area.properties) : id;
  }

  private nothing(): HTMLElement {
    const leads = this.tab === "leads";
    return h(
      "div",
      { class: "nothing" },
      icon("M20 6L9 17l-5-5"),
      h("b", {}, say(leads ? "no_leads" : "no_tickets")),
      h("p", {}, say(leads ? "no_leads_more" : "no_tickets_more")),
    );
  }

  private lead(lead: Lead): HTMLElement {
    const { board, selection } = this.page;
    const told = language() === "zh" ? lead.explanation : lead.explanation_en;
    return h(
      "article",
      {
        class: `card lead${this.isNew(`lead${lead.id}`, lead) ? " new" : ""}`,
        "data-open": isOpen(lead) ? "" : undefined,
        "data-lead": String(lead.id),
        "data-selected": selection?.kind === "area" && selection.id === lead.area ? "" : undefined,
        "data-go": `area/${lead.area}`,
      },
      h(
        "header",
        {},
        h("time", {}, time(lead.opened_ms, "clock")),
        h("b", {}, this.areaName(lead.area)),
        h("span", { class: "state" }, say(isOpen(lead) ? "open" : "closed")),
      ),
      h(
        "p",
        { class: "cause" },
        `${propertyName(lead.cause.property, board.properties)} ${say(lead.cause.detector)}`,
        lead.late && h("span", { class: "late" }, say("late")),
      ),
      h("p", { class: "told" }, told),
      h(
        "footer",
        {},
        h("span", {}, say("began", { time: time(lead.episode_start_ms) })),
        h("button", { type: "button", class: "locate" }, icon("M12 21s7-6.6 7-11.5A7 7 0 0 0 5 9.5C5 14.4 12 21 12 21z", "M12 7v5M9.5 9.5h5"), say("locate")),
      ),
    );
  }

  private ticket(ticket: Ticket): HTMLElement {
    const station = ticket.subject.split("/")[0] ?? "";
    const place = this.page.board.stations.get(station);
    return h(
      "article",
      {
        class: `card ticket${this.isNew(`ticket${ticket.id}`, ticket) ? " new" : ""}`,
        "data-open": isOpen(ticket) ? "" : undefined,
        "data-ticket": String(ticket.id),
        "data-go": place && `station/${station}`,
      },
      h(
        "header",
        {},
        h("time", {}, time(ticket.opened_ms, "clock")),
        h("b", {}, place ? nameOf(place.properties) : ticket.subject),
        h("span", { class: "state" }, say(isOpen(ticket) ? "open" : "closed")),
      ),
      h("p", { class: "told" }, language() === "zh" ? ticket.explanation : ticket.explanation_en),
      outcome({ kind: "ticket", id: ticket.id }, ticket.label, this.page.asked === keyOf({ kind: "ticket", id: ticket.id })),
      h("footer", {}, h("code", {}, ticket.subject)),
    );
  }

  /** Whether it came while the page was open, a moment ago: it then glows once. */
  private isNew(key: string, matter: Lead | Ticket): boolean {
    const now = performance.now();
    const first = this.seen.get(key) ?? (this.drawnBefore() && isOpen(matter) ? now : -Infinity);
    this.seen.set(key, first);
    return now - first < FRESH_MS;
  }

  private drawnBefore(): boolean {
    return this.list.childElementCount > 0;
  }
}

