/** The field's clock between two snapshots: the last time heard, carried on at the pace at which times arrived. */

// Beyond this many field milliseconds per real one the hub replays or simulates: seconds on the wall would only flicker.
const LIFE_PACE = 3;
const CARRY_MS = 90_000;

export class FieldClock {
  private heard: { fieldMs: number; realMs: number } | undefined;
  private pace_ = 1;

  hear(fieldMs: number, realMs: number): void {
    if (this.heard && realMs - this.heard.realMs < 200) return;
    if (this.heard && fieldMs > this.heard.fieldMs) {
      const pace = (fieldMs - this.heard.fieldMs) / (realMs - this.heard.realMs);
      // Jitter of the network around life's pace is not a faster clock.
      const steady = pace < LIFE_PACE ? 1 : pace;
      const jump = steady > this.pace_ * 2 || steady < this.pace_ / 2;
      this.pace_ = jump ? steady : this.pace_ * 0.8 + steady * 0.2;
    }
    this.heard = { fieldMs, realMs };
  }

  /** Field time, undefined before the first snapshot; carried on for a while only, a silent hub's clock stands. */
  now(realMs: number): number | undefined {
    if (!this.heard) return undefined;
    const elapsed = Math.min(realMs - this.heard.realMs, CARRY_MS / Math.max(1, this.pace_));
    return this.heard.fieldMs + elapsed * this.pace_;
  }

  /** Field seconds per real second; 1 in life. */
  get pace(): number {
    return this.pace_;
  }
}
