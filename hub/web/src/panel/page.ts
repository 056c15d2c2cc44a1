/** What every panel of the page may use. */

import type { Lead, LeadDetail } from "../api";
import type { Board, Selection } from "../board";
import type { Connection } from "../live";

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
}

/** A place as elements carry it in data-go: "area/…" or "station/…". */
export function placeOf(written: string): NonNullable<Selection> {
  const [kind, ...id] = written.split("/");
  return { kind: kind === "station" ? "station" : "area", id: id.join("/") };
}
