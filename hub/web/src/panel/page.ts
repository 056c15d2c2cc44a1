/** What every panel of the page may use. */

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
}

/** A place as elements carry it in data-go: "area/…" or "station/…". */
export function placeOf(written: string): NonNullable<Selection> {
  const [kind, ...id] = written.split("/");
  return { kind: kind === "station" ? "station" : "area", id: id.join("/") };
}
