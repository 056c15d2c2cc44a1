/** What people found: the outcome of a lead or ticket, recorded with one press and a note; a later one corrects it. */

import type { Label, Outcome } from "../api";
import { h } from "../dom";
import { time } from "../format";
import { say, type Word } from "../i18n";

const OUTCOMES: Outcome[] = ["confirmed", "sensor_fault", "regional", "false"];

export interface Matter {
  kind: "lead" | "ticket";
  id: number;
}

export function keyOf({ kind, id }: Matter): string {
  return `${kind}/${id}`;
}

/** The outcome as it stands, and, while it is asked for, the buttons that record one. */
export function outcome(matter: Matter, label: Label | null | undefined, asked: boolean): HTMLElement {
  const key = keyOf(matter);
  const said = label && `${say(`outcome_${label.outcome}`)} · ${label.said_by} · ${time(label.said_ms)}`;
  return h(
    "div",
    { class: "outcome" },
    said && h("p", { class: "said" }, said, label.note ? `：${label.note}` : ""),
    h("button", { type: "button", class: "quiet", "data-ask": key, "aria-expanded": String(asked) }, say(label ? "correct_outcome" : "record_outcome")),
    asked && choices(key),
  );
}

function choices(key: string): HTMLElement {
  const note = document.createElement("input");
  note.maxLength = 500;
  note.placeholder = say("outcome_note");
  note.setAttribute("aria-label", say("outcome_note"));
  const button = (one: Outcome) =>
    h("button", { type: "button", class: "choice", "data-label": `${key}/${one}`, title: say(`outcome_${one}_why` as Word) }, say(`outcome_${one}`));
  return h("div", { class: "choices" }, note, ...OUTCOMES.map(button), h("small", {}, say("outcome_ends")));
}

/** The matter and outcome that a pressed button carries, with the note beside it. */
export function chosen(container: Element, written: string): { matter: Matter; outcome: Outcome; note: string } {
  const [kind, id, found] = written.split("/");
  const pressed = container.querySelector(`[data-label="${written}"]`);
  const note = pressed?.parentElement?.querySelector("input")?.value ?? "";
  return { matter: { kind: kind === "ticket" ? "ticket" : "lead", id: Number(id) }, outcome: found as Outcome, note: note.trim() };
}
