/** How the map writes, and what grows with the scale. */

import type { DataDrivenPropertyValueSpecification, ExpressionSpecification } from "maplibre-gl";

// Without a glyphs address the map draws its text from the machine's own fonts; weights are read from the first name.
const FONTS = ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "sans-serif"];
export const PLAIN_FONT = ["QuietWatch Medium", ...FONTS];
export const STRONG_FONT = ["QuietWatch Bold", ...FONTS];

export const byZoom = (...stops: number[]): DataDrivenPropertyValueSpecification<number> =>
  ["interpolate", ["linear"], ["zoom"], ...stops] as ExpressionSpecification;
