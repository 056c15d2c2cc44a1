/** The page put together: read the hub's answers, listen to its stream, redraw what has changed. */

import "./style/page.css";
import "./style/panels.css";
import { api, type Lead, type LeadDetail, type Snapshot } from "./api";
import { type Board, type Selection, takeNewer, takeSnapshot } from "./board";
import { FieldClock } from "./clock";
import { fill, h, icon, onPick } from "./dom";
import { language, say, speak, type Word } from "./i18n";
import { type Connection, listen } from "./live";
import { ZoneMap } from "./map/zone_map";
import { Bar } from "./panel/bar";
import { Detail } from "./panel/detail";
import { Legend } from "./panel/legend";
import type { Page } from "./panel/page";
import { Side } from "./panel/side";

const RETRY_MS = 2_000;
const READ_EVERY_MS = 2_000;
const PAINT_EVERY_MS = 400;

function byId<T extends { properties: { id: string } }>(features: T[]): Map<string, T> {
  return new Map(features.map((feature) => [feature.properties.id, feature]));
}

async function readBoard(): Promise<Board> {
  const [zone, districts, properties, areas, stations, tracks, leads, tickets] = await Promise.all([
    api.zone(),
    api.districts(),
    api.properties(),
    api.areas(),
    api.stations(),
    api.tracks(),
    api.leads(),
    api.tickets(),
  ]);
  return {
    zone,
    districts,
    properties: new Map(properties.map((p) => [p.name, p])),
    areas: byId(areas.features),
    stations: byId(stations.features),
    tracks,
    leads: new Map(leads.map((lead) => [lead.id, lead])),
    details: new Map(),
    tickets: new Map(tickets.map((ticket) => [ticket.id, ticket])),
    minuteMs: 0,
    nowMs: 0,
  };
}

class Watch implements Page {
  board!: Board;
  connection: Connection = "connecting";
  selection: Selection;
  private readonly clock = new FieldClock();
  private readonly bar = new Bar(this.clock, () => this.speak());
  private readonly side = new Side(this);
  private readonly detail = new Detail(this);
  private readonly legend = new Legend();
  private readonly tools = h("nav", { class: "tools" });
  private readonly stage = h("main", { class: "stage" });
  private readonly curtain = h("p", { class: "curtain", role: "status" });
  private map: ZoneMap | undefined;
  private drawing = false;
  private resting = false;
  private behind = false;
  private readonly readAt = new Map<string, number>();

  constructor(root: HTMLElement) {
    const canvas = h("div", { class: "map" });
    this.stage.append(canvas, this.tools, this.detail.element, this.curtain, this.legend.element);
    root.append(this.bar.element, this.stage, this.side.element);
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.select(undefined));
    onPick(this.tools, "data-tool", (tool) => this.use(tool as Word));
    fill(this.curtain, say("loading"));
    this.label();
    try {
      this.map = new ZoneMap(canvas, (selection) => this.select(selection));
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
        this.board = { ...read, minuteMs: before.minuteMs, nowMs: before.nowMs };
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
    if (nextMinute) void this.nowAndThen("tracks", async () => {
      this.board.tracks = await api.tracks();
    });
    this.draw();
  }

  /** Read something again, not more often than every two real seconds; a failure waits for the next time. */
  private async nowAndThen(what: string, read: () => Promise<void>): Promise<void> {
    if (performance.now() - (this.readAt.get(what) ?? -Infinity) < READ_EVERY_MS) return;
    this.readAt.set(what, performance.now());
    try {
      await read();
      this.draw();
    } catch (fault) {
      console.warn(`${what}:`, fault);
    }
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
    this.legend.render();
    this.map?.relabel();
    const tool = (word: Word, ...paths: string[]) =>
      h("button", { type: "button", title: say(word), "aria-label": say(word), "data-tool": word }, icon(...paths));
    fill(
      this.tools,
      tool("zoom_in", "M12 5v14M5 12h14"),
      tool("zoom_out", "M5 12h14"),
      tool("show_zone", "M4 11l8-7 8 7", "M6 10v9h12v-9"),
      tool("show_region", "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"),
    );
  }

  private use(tool: Word): void {
    if (tool === "zoom_in") this.map?.zoom(1);
    if (tool === "zoom_out") this.map?.zoom(-1);
    if (tool === "show_zone") this.map?.showZone();
    if (tool === "show_region") this.map?.showRegion();
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
    this.paint();
  }
}

const root = document.getElementById("page");
if (root) void new Watch(root).start();
