/** The hub's live stream, kept open: it reports whether it is, and opens it again by itself. */

import type { Lead, Snapshot, Ticket } from "./api";

export type Connection = "connecting" | "live" | "reconnecting";

export interface LiveEars {
  connection(state: Connection): void;
  snapshot(snapshot: Snapshot): void;
  lead(lead: Lead): void;
  ticket(ticket: Ticket): void;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;
// A dead radio link closes nothing. A hub at life's pace closes a minute each minute, so three without one are too many.
const SILENCE_MS = 200_000;

export function listen(ears: LiveEars): void {
  let waitMs = FIRST_WAIT_MS;
  let silence: number | undefined;

  const open = (): void => {
    const stream = new EventSource("api/live");
    const again = (): void => {
      window.clearTimeout(silence);
      stream.close();
      ears.connection("reconnecting");
      window.setTimeout(open, waitMs);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    };
    const heard = (): void => {
      window.clearTimeout(silence);
      silence = window.setTimeout(again, SILENCE_MS);
    };
    const on = <T>(name: string, take: (said: T) => void): void =>
      stream.addEventListener(name, (said) => {
        heard();
        take(JSON.parse((said as MessageEvent<string>).data) as T);
      });
    stream.onopen = () => {
      waitMs = FIRST_WAIT_MS;
      heard();
      ears.connection("live");
    };
    stream.onerror = again;
    on<Snapshot>("snapshot", ears.snapshot);
    on<Lead>("lead", ears.lead);
    on<Ticket>("ticket", ears.ticket);
  };

  ears.connection("connecting");
  open();
}
