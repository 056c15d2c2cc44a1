/** What the page says, in Chinese and in English; the choice is remembered on this device. */

export type Language = "zh" | "en";

const KEPT_AS = "quietwatch.language";

const WORDS = {
  internal: ["内部参考数据", "Internal reference"],
  internal_long: ["内部参考数据，不对外发布，不作为执法依据", "Internal reference: not for publication, not evidence by itself"],
  other_language: ["EN", "中文"],
  switch_language: ["Switch to English", "切换到中文"],
  connecting: ["正在连接", "Connecting"],
  live: ["实时", "Live"],
  reconnecting: ["正在重连", "Reconnecting"],
  cut_off: ["与主站的连接已中断，地图停在 {time}", "The hub cannot be reached; the map stands at {time}"],
  beijing_time: ["北京时间", "Beijing time"],
  pace: ["{pace} 倍速", "{pace}× pace"],
  normal: ["正常", "Normal"],
  attention: ["关注", "Attention"],
  red: ["超限", "Exceedance"],
  stale: ["数据过期", "Stale"],
  no_data: ["无数据", "No data"],
  grey: ["无新数据", "Not fresh"],
  enterprise: ["企业", "Enterprise"],
  road: ["道路", "Road"],
  construction_site: ["施工工地", "Construction site"],
  lab_building: ["实验楼", "Lab building"],
  reference: ["标准站", "Reference station"],
  micro_station: ["微型站", "Micro-station"],
  lab: ["实验室", "Laboratory"],
  vehicle: ["走航车", "Patrol vehicle"],
  exceedance: ["超过限值", "over its limit"],
  local_excess: ["局地偏高", "local excess"],
  leads: ["线索", "Leads"],
  tickets: ["设备工单", "Tickets"],
  no_leads: ["无事不扰", "All quiet"],
  no_leads_more: ["目前没有需要人去看的事。", "There is nothing that a person needs to look at."],
  no_tickets: ["设备都正常", "All devices well"],
  no_tickets_more: ["目前没有需要维护的设备。", "No device needs maintenance."],
  open: ["待处理", "Open"],
  closed: ["已结束", "Closed"],
  late: ["补传数据", "Late data"],
  began: ["起于 {time}", "began {time}"],
  opened: ["{time} 立线索", "opened {time}"],
  ticket_opened: ["{time} 立单", "opened {time}"],
  locate: ["定位", "Show"],
  close: ["关闭", "Close"],
  since: ["自 {time}", "since {time}"],
  evidence: ["依据", "Evidence"],
  no_evidence: ["没有异常。各站的数值见下。", "Nothing unusual. The stations' values stand below."],
  grey_evidence: ["没有足够新的数据，不作判断。", "Without fresh readings nothing is judged."],
  station: ["站点", "Station"],
  value: ["数值", "Value"],
  background: ["区域背景", "Background"],
  threshold: ["阈值", "Threshold"],
  excess_over: ["高出背景 {value}", "{value} above background"],
  over_limit: ["超过阈值 {value}", "{value} above threshold"],
  rule: ["规则", "Rule"],
  basis: ["依据", "Basis"],
  judged_at: ["判定时刻", "Judged at"],
  alternatives: ["也可能来自", "May also stem from"],
  stations_here: ["区内站点", "Stations here"],
  area_leads: ["本区线索", "Leads of this area"],
  pushed: ["{time} 已推送", "pushed {time}"],
  pushing: ["正在推送", "being pushed"],
  across_districts: ["跨区", "across districts"],
  last_day: ["最近 24 小时", "Last 24 hours"],
  no_series: ["这段时间没有数据", "No readings in this time"],
  series_failed: ["曲线读取失败", "The series could not be read"],
  latest: ["最新 {time}", "latest {time}"],
  gateway: ["网关 {id}", "gateway {id}"],
  unsigned: ["未签名 · 第三方 {id} · 不作证据", "unsigned · third party {id} · never evidence"],
  flagged: ["存疑", "Suspect"],
  failed: ["失效", "Failed"],
  flagged_points: ["存疑或失效（不参与判定）", "suspect or failed (takes no part)"],
  excess_here: ["此站数值异常偏高", "Unusual values here"],
  region: ["区域背景", "Region"],
  region_note: ["标准站中位数", "median of reference stations"],
  wind: ["{from}风 {speed} m/s", "{from} {speed} m/s"],
  calm: ["静风", "Calm"],
  legend: ["图例", "Legend"],
  legend_areas: ["区域", "Areas"],
  legend_stations: ["站点", "Stations"],
  legend_halo: ["数值异常", "Unusual value"],
  legend_silent: ["无新数据", "No fresh data"],
  legend_failed: ["设备失效", "Device failed"],
  legend_track: ["走航轨迹（1 小时）", "Vehicle track (1 h)"],
  show_zone: ["回到辖区", "Whole zone"],
  show_region: ["全部站点", "All stations"],
  zoom_in: ["放大", "Zoom in"],
  zoom_out: ["缩小", "Zoom out"],
  loading: ["正在载入…", "Loading…"],
  unreachable: ["主站没有应答，正在重试…", "The hub does not answer; trying again…"],
  no_map: ["此浏览器不能画地图（需要 WebGL 2），线索仍会更新。", "This browser cannot draw the map (WebGL 2); leads still arrive."],
  map_label: ["辖区地图", "Map of the zone"],
  summary_label: ["各级区域数", "Areas by level"],
} as const;

const COMPASS = {
  zh: ["北", "东北", "东", "东南", "南", "西南", "西", "西北"],
  en: ["N", "NE", "E", "SE", "S", "SW", "W", "NW"],
} as const;

export type Word = keyof typeof WORDS;

let current: Language = localStorage.getItem(KEPT_AS) === "en" ? "en" : "zh";

export function language(): Language {
  return current;
}

export function speak(next: Language): void {
  current = next;
  localStorage.setItem(KEPT_AS, next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}

/** The word in the present language, its {holes} filled. */
export function say(word: Word, holes: Record<string, string | number> = {}): string {
  const text: string = WORDS[word][current === "zh" ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(holes[name] ?? ""));
}

export function sayKind(kind: string): string {
  return kind in WORDS ? say(kind as Word) : kind;
}

export function nameOf(named: { name: string; name_en: string }): string {
  return current === "en" ? named.name_en || named.name : named.name || named.name_en;
}

/** Where a wind of that direction (degrees it comes from) comes from. */
export function compass(degrees: number): string {
  const sector = Math.round((((degrees % 360) + 360) % 360) / 45) % 8;
  return COMPASS[current][sector] ?? "";
}
