/** The field's clock between two snapshots: the last time heard, carried on at the pace at which times arrived. */

// Beyond this many field milliseconds per real one the hub replays or simulates: seconds on the wall would only flicker.
const LIFE_PACE = 3;
const CARRY_MS = 90_000;
// The pace is read from what was heard in this real time: short snapshots jitter by the network's delays.
const WINDOW_MS = 6_000;
const SHORTEST_MS = 700;

interface Heard {
  fieldMs: number;
  realMs: number;
}

export class FieldClock {
  private heard: Heard[] = [];
  private pace_ = 1;

  hear(fieldMs: number, realMs: number): void {
    const last = this.heard.at(-1);
    if (last && fieldMs < last.fieldMs) this.heard = [];
    this.heard.push({ fieldMs, realMs });
    while (this.heard.length > 2 && realMs - (this.heard[1]?.realMs ?? realMs) > WINDOW_MS) this.heard.shift();
    const first = this.heard[0];
    if (!first || realMs - first.realMs < SHORTEST_MS) return;
    const pace = (fieldMs - first.fieldMs) / (realMs - first.realMs);
    this.pace_ = pace < LIFE_PACE ? 1 : pace;
  }

  /** Field time, undefined before the first snapshot; carried on for a while only, a silent hub's clock stands. */
  now(realMs: number): number | undefined {
    const last = this.heard.at(-1);
    if (!last) return undefined;
    const elapsed = Math.min(realMs - last.realMs, CARRY_MS / this.pace_);
    return last.fieldMs + elapsed * this.pace_;
  }

  /** Field time as it was last heard. */
  get heardMs(): number | undefined {
    return this.heard.at(-1)?.fieldMs;
  }

  /** Field seconds per real second; 1 in life. */
  get pace(): number {
    return this.pace_;
  }

  /** Whether the field runs faster than life: a replay or a demonstration. */
  get fast(): boolean {
    return this.pace_ > LIFE_PACE;
  }
}
