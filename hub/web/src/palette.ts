/** The page's colours where CSS cannot reach: map layers and charts. The same names stand in style/page.css. */

export const PALETTE = {
  ground: "#e8ecef",
  grid: "#dde3e7",
  district: "#f5f7f8",
  border: "#b9c3cc",
  ink: "#1d2b36",
  soft: "#5c6b78",
  faint: "#94a1ad",
  normal: { fill: "#cfe4da", line: "#78aa95" },
  attention: { fill: "#f7dd9b", line: "#b3771a", ink: "#6b4406" },
  red: { fill: "#f0857c", line: "#b3201a", ink: "#ffffff", glow: "#e5382d" },
  grey: { fill: "#d3d8dd", line: "#7e8a95", ink: "#414c56" },
  station: "#27566b",
  reference: "#4a4f9c",
  lab: "#5f4b8b",
  vehicle: "#0f6d8c",
  silent: "#9aa5af",
  blind: ["#e3f1ee", "#b9d9d6", "#84b4c4", "#5a82ae", "#6b6f76"],
} as const;
