/** What every panel of the page may use. */

import type { Lead, LeadDetail, Outcome } from "../api";
import type { Board, Selection } from "../board";
import type { Connection } from "../live";
import type { Matter } from "./outcome";

export interface Page {
  board: Board;
  connection: Connection;
  selection: Selection;
  select(selection: Selection): void;
  /** Select and move the map there. */
  go(selection: NonNullable<Selection>): void;
  speak(): void;
  /** What is known of a lead beyond the list; read from the hub when it is not known yet, and drawn then. */
  detailOf(lead: Lead): LeadDetail | undefined;
  /** The lead or ticket whose outcome is being asked for, as `keyOf` writes it. */
  asked: string;
  ask(key: string): void;
  record(matter: Matter, outcome: Outcome, note: string): void;
}

/** A place as elements carry it in data-go: "area/…" or "station/…". */
export function placeOf(written: string): NonNullable<Selection> {
  const [kind, ...id] = written.split("/");
  return { kind: kind === "station" ? "station" : "area", id: id.join("/") };
}
