/** The page put together: read the hub's answers, listen to its stream, redraw what has changed. */

import "./style/page.css";
import "./style/panels.css";
import { api, type Lead, type LeadDetail, type Outcome, type Snapshot } from "./api";
import { type Board, type Selection, takeNewer, takeSnapshot } from "./board";
import { FieldClock } from "./clock";
import { fill, h, icon, onPick } from "./dom";
import { language, nameOf, say, speak, type Word } from "./i18n";
import { type Connection, listen } from "./live";
import { type Overlay, OVERLAYS } from "./overlay";
import { ZoneMap } from "./map/zone_map";
import { AccountPanel } from "./panel/account";
import { Bar } from "./panel/bar";
import { Detail } from "./panel/detail";
import { Legend } from "./panel/legend";
import type { Matter } from "./panel/outcome";
import type { Page } from "./panel/page";
import { Side } from "./panel/side";
import { byId, readBoard } from "./reading";

const RETRY_MS = 2_000;
const READ_EVERY_MS = 2_000;
const PAINT_EVERY_MS = 400;
// What sources are looked for by; the hub knows the blind spots of every pollutant.
const BLIND_TO = "pm2_5";

class Watch implements Page {
  board!: Board;
  connection: Connection = "connecting";
  selection: Selection;
  asked = "";
  private readonly clock = new FieldClock();
  private readonly bar = new Bar(this.clock, () => this.speak());
  private readonly side = new Side(this);
  private readonly detail = new Detail(this);
  private readonly legend = new Legend();
  private readonly account = new AccountPanel(this, async () => {
    const [checks, precision] = await Promise.all([api.checks(), api.precision()]);
    return { checks, precision };
  });
  private readonly tools = h("nav", { class: "tools" });
  private readonly overlays = h("nav", { class: "overlays" });
  private readonly cell = h("p", { class: "cell", role: "status", hidden: true });
  private readonly stage = h("main", { class: "stage" });
  private readonly curtain = h("p", { class: "curtain", role: "status" });
  private map: ZoneMap | undefined;
  private drawing = false;
  private resting = false;
  private behind = false;
  private readonly readAt = new Map<string, number>();

  constructor(root: HTMLElement) {
    const canvas = h("div", { class: "map" });
    this.stage.append(canvas, this.overlays, this.cell, this.tools, this.detail.element, this.account.element, this.curtain, this.legend.element);
    root.append(this.bar.element, this.stage, this.side.element);
    document.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape") return;
      if (this.account.element.hidden) this.select(undefined);
      else this.account.toggle(false);
    });
    onPick(this.overlays, "data-overlay", (overlay) => this.lay(overlay as Overlay));
    onPick(this.tools, "data-tool", (tool) => this.use(tool as Word));
    fill(this.curtain, say("loading"));
    this.label();
    try {
      this.map = new ZoneMap(canvas, (selection) => this.select(selection), (cell) => this.explain(cell));
    } catch (fault) {
      console.warn("map:", fault);
      fill(canvas, h("p", { class: "no-map" }, say("no_map")));
    }
  }

  async start(): Promise<void> {
    await this.reload();
    this.curtain.hidden = true;
    listen({
      connection: (state) => this.connected(state),
      snapshot: (snapshot) => this.snapshot(snapshot),
      lead: (lead) => {
        takeNewer(this.board.leads, [lead]);
        this.draw();
      },
      ticket: (ticket) => {
        takeNewer(this.board.tickets, [ticket]);
        this.draw();
      },
    });
  }

  private async reload(): Promise<void> {
    for (;;) {
      try {
        const read = await readBoard();
        // What the stream has said meanwhile is newer than what was asked before it.
        const before = (this.board as Board | undefined) ?? read;
        takeNewer(read.leads, before.leads.values());
        takeNewer(read.tickets, before.tickets.values());
        const { minuteMs, nowMs, overlay, aqi, blind } = before;
        this.board = { ...read, minuteMs, nowMs, overlay, aqi, blind };
        return this.draw();
      } catch (fault) {
        console.warn("hub:", fault);
        fill(this.curtain, say("unreachable"));
        await new Promise((wake) => window.setTimeout(wake, RETRY_MS));
      }
    }
  }

  private connected(state: Connection): void {
    // What was said while nobody listened is read again: a lead may have opened just before the stream did.
    if (state === "live") void this.reload();
    this.connection = state;
    this.draw();
  }

  private snapshot(snapshot: Snapshot): void {
    this.clock.hear(snapshot.now_ms, performance.now());
    const nextMinute = snapshot.minute_ms !== this.board.minuteMs;
    const strangers = takeSnapshot(this.board, snapshot);
    if (strangers) void this.nowAndThen("stations", async () => {
      this.board.stations = byId((await api.stations()).features);
    });
    if (nextMinute) {
      void this.nowAndThen("tracks", async () => {
        this.board.tracks = await api.tracks();
      });
      this.readOverlay();
    }
    this.draw();
  }

  /** Read something again, one at a time and with two real seconds between; a failure waits for the next time. */
  private async nowAndThen(what: string, read: () => Promise<void>): Promise<void> {
    if (performance.now() - (this.readAt.get(what) ?? -Infinity) < READ_EVERY_MS) return;
    this.readAt.set(what, Infinity);
    try {
      await read();
      this.draw();
    } catch (fault) {
      console.warn(`${what}:`, fault);
    } finally {
      this.readAt.set(what, performance.now());
    }
  }

  private lay(overlay: Overlay): void {
    this.board.overlay = overlay;
    this.explain(undefined);
    this.readOverlay();
    this.render();
  }

  /** Say of a cell what would be seen there, and why no less. */
  private explain(cell: number | undefined): void {
    const { blind, stations } = this.board;
    const found = cell === undefined ? undefined : blind?.features.find((one) => one.id === cell)?.properties;
    this.cell.hidden = !found;
    if (!found || !blind) return;
    const reason = blind.words[found.reason];
    const station = found.station === null ? undefined : stations.get(found.station);
    const holes = { strength: found.strength_g_s?.toPrecision(2) ?? "", near: found.near_ug_m3?.toPrecision(2) ?? "" };
    const why = (reason && (language() === "zh" ? reason.chinese : reason.english)) ?? found.reason;
    fill(this.cell, h("b", {}, say(found.strength_g_s === null ? "blind_here" : "seen_here", holes)), ` ${why}`, station && `（${nameOf(station.properties)}）`);
  }

  private readOverlay(): void {
    if (this.board.overlay === "aqi") void this.nowAndThen("aqi", async () => {
      this.board.aqi = await api.aqi();
    });
    if (this.board.overlay === "blind") void this.nowAndThen("blind spots", async () => {
      this.board.blind = await api.blindSpots(BLIND_TO);
    });
  }

  detailOf(lead: Lead): LeadDetail | undefined {
    const known = this.board.details.get(lead.id);
    const pushing = known?.pushes.some((push) => push.delivered_ms === null);
    if (known?.revision !== lead.revision || pushing) {
      void this.nowAndThen(`lead ${lead.id}`, async () => {
        this.board.details.set(lead.id, await api.lead(lead.id));
      });
    }
    return known;
  }

  ask(key: string): void {
    this.asked = this.asked === key ? "" : key;
    this.render();
  }

  record(matter: Matter, outcome: Outcome, note: string): void {
    void this.recorded(matter, outcome, note);
  }

  private async recorded({ kind, id }: Matter, outcome: Outcome, note: string): Promise<void> {
    try {
      await api.label(kind, id, { outcome, note, close: true });
      this.asked = "";
      if (kind === "lead") this.board.details.set(id, await api.lead(id));
      await this.reload();
    } catch (fault) {
      console.warn("label:", fault);
      window.alert(say("outcome_failed"));
    }
  }

  select(selection: Selection): void {
    this.selection = selection;
    if (selection) this.side.fold();
    this.render();
  }

  go(selection: NonNullable<Selection>): void {
    this.select(selection);
    this.map?.show(selection);
  }

  speak(): void {
    speak(language() === "zh" ? "en" : "zh");
    this.label();
    this.render();
  }

  private label(): void {
    speak(language());
    this.bar.render(this.board as Board | undefined, this.connection);
    this.map?.relabel();
    const tool = (word: Word, ...paths: string[]) =>
      h("button", { type: "button", title: say(word), "aria-label": say(word), "data-tool": word }, icon(...paths));
    fill(
      this.tools,
      tool("zoom_in", "M12 5v14M5 12h14"),
      tool("zoom_out", "M5 12h14"),
      tool("show_zone", "M4 11l8-7 8 7", "M6 10v9h12v-9"),
      tool("show_region", "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"),
      tool("account", "M12 4v16M5 7h14M8 20h8", "M5 7l-3 6h6zM19 7l-3 6h6z"),
    );
  }

  private use(tool: Word): void {
    if (tool === "zoom_in") this.map?.zoom(1);
    if (tool === "zoom_out") this.map?.zoom(-1);
    if (tool === "show_zone") this.map?.showZone();
    if (tool === "show_region") this.map?.showRegion();
    if (tool === "account") this.account.toggle();
  }

  /** Redraw once in the next frame, however much came in before it. */
  private draw(): void {
    if (this.drawing) return;
    this.drawing = true;
    const now = (): void => {
      this.drawing = false;
      this.render();
    };
    if (document.hidden) window.setTimeout(now, 500);
    else requestAnimationFrame(now);
  }

  /** Paint the map at once, then not again for a while: a map drawn by software would eat the machine. */
  private paint(): void {
    this.behind = true;
    if (this.resting) return;
    this.behind = false;
    this.map?.paint(this.board, this.selection);
    this.resting = true;
    window.setTimeout(() => {
      this.resting = false;
      if (this.behind) this.paint();
    }, PAINT_EVERY_MS);
  }

  private render(): void {
    if (!(this.board as Board | undefined)) return;
    this.bar.render(this.board, this.connection);
    this.side.render();
    this.detail.render();
    this.account.render();
    this.legend.render(this.board);
    this.overlays.setAttribute("aria-label", say("overlays"));
    fill(
      this.overlays,
      ...OVERLAYS.map((one) => h("button", { type: "button", "data-overlay": one, "aria-pressed": String(one === this.board.overlay) }, say(`overlay_${one}`))),
    );
    this.paint();
  }
}

const root = document.getElementById("page");
if (root) void new Watch(root).start();
