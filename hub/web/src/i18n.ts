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
  onset: ["新出现的升高", "onset"],
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
  sources: ["可能的来源", "Possible sources"],
  sources_unsure: ["可能的来源（把握不大）", "Possible sources (uncertain)"],
  outside: ["各区域之外", "Outside of all areas"],
  settle: ["怎样查清：", "What would settle it:"],
  show_numbers: ["复核用的数字", "Numbers to check it by"],
  hide_numbers: ["收起数字", "Hide the numbers"],
  threshold_fixed: ["阈值 {limit}。", "Threshold {limit}."],
  threshold_of: ["阈值 {limit}：{absolute} 与背景 {background} 的 {relative} % 取大者。", "Threshold {limit}: the larger of {absolute} and {relative} % of the background {background}."],
  held: ["连续 {enter} 个值进入，{leave} 个值解除；自 {time} 起。", "Entered after {enter} values in a row, left after {leave}; since {time}."],
  wind_then: ["当时{from}风 {speed} m/s。", "Wind then {from} {speed} m/s."],
  averaged: ["{minutes} 分钟均值，至少 {valid} 分钟有值。", "Mean of {minutes} min, at least {valid} with values."],
  median_of: ["背景是 {count} 个值的中位数，居中者：", "The background is the median of {count} values, in the middle:"],
  parts: ["均值由下列值构成（有值分钟/分钟）：", "The mean is formed of (minutes with values/minutes):"],
  history: ["此前的数值与背景：", "Values and background before:"],
  overlays: ["地图显示", "The map shows"],
  overlay_state: ["状态", "State"],
  overlay_aqi: ["空气质量指数", "AQI"],
  overlay_blind: ["盲区", "Blind spots"],
  legend_blind: ["此刻八成把握能发现的最小 PM2.5 源（点格子看原因）", "Smallest source of PM2.5 that would be seen now, four times in five (press a cell for why)"],
  blind_1: ["≤ 0.5 g/s", "≤ 0.5 g/s"],
  blind_2: ["≤ 2 g/s", "≤ 2 g/s"],
  blind_3: ["≤ 10 g/s", "≤ 10 g/s"],
  blind_4: ["> 10 g/s", "> 10 g/s"],
  blind_none: ["看不到", "Not seen"],
  blind_here: ["此处有源也看不到：", "No source here would be seen:"],
  seen_here: ["此处 {strength} g/s 起可发现（下风 100 m 处约高 {near} µg/m³）；更小则因", "Seen here from {strength} g/s on (about {near} µg/m³ more 100 m downwind); no less, for"],
  legend_aqi: ["{standard} · {hour} 起一小时", "{standard} · hour from {hour}"],
  legend_aqi_note: ["浅色细边：非标准方法的设备，仅供筛查；≥：有项目缺测，至少如此", "Pale with a thin rim: not the standard's method, screening only; ≥: a pollutant is missing, at least so much"],
  aqi_none: ["数据不足", "Too little measured"],
  account: ["判得准不准", "How well is judged"],
  account_failed: ["暂时读不到", "It cannot be read now"],
  thresholds: ["设备检查的阈值", "Thresholds of the device checks"],
  not_calibrated: ["尚未校准：目前只用固定的检查。有 60 天以上小时均值后，可运行 quietwatch hub calibrate。", "Not calibrated: only the fixed checks judge. With 60 days of hourly means or more, run quietwatch hub calibrate."],
  calibrated: ["误报预算：每台设备每月 {budget} 次；{time} 校准，已用 {days} 天。", "Budget: {budget} false alarms a device and month. Calibrated {time}, {days} days ago."],
  calibrated_on: ["依据 {from} 至 {to} 的小时均值。", "Learnt on hourly means from {from} to {to}."],
  property: ["项目", "Property"],
  datastreams: ["数据流", "Streams"],
  rate_expected: ["预计误报 /台·月", "Expected /device·month"],
  rate_seen: ["近 30 天报警 /台·月", "Seen in 30 days /device·month"],
  alarms: ["报警", "Alarms"],
  standing_faults: ["目前认定有故障的设备", "Devices found faulty now"],
  no_standing: ["没有。", "None."],
  fault_drift: ["漂移", "drift"],
  fault_stuck: ["卡滞", "stuck"],
  fault_spike: ["尖峰", "spikes"],
  fault_noise: ["噪声", "noise"],
  fault_dropout: ["掉零", "drop-out"],
  fault_range: ["超出量程", "out of range"],
  fault_flat_line: ["数值不变", "flat line"],
  fault_gain: ["偏高或偏低", "gain"],
  fault_gap: ["数据缺失", "gap"],
  fault_fork: ["身份重复", "fork"],
  fault_silent: ["没有数据", "silent"],
  fault_clipping: ["顶格", "clipping"],
  fault_bottom: ["触底", "at the bottom"],
  fault_consistency: ["读数矛盾", "inconsistent"],
  fault_rendezvous: ["相遇比对不符", "rendezvous"],
  fault_attenuated: ["变化过小", "attenuated"],
  fault_rate_of_change: ["变化过快", "rate of change"],
  precision: ["核实结果", "What people found"],
  precision_note: ["已核实者中属实的比例，括号内为 95 % 区间。", "Share of the verified ones that were right, with its 95 % interval."],
  nothing_labelled: ["还没有核实记录。", "Nothing has been verified yet."],
  origin: ["来源", "Origin"],
  origin_detector: ["检测", "Detector"],
  origin_rule: ["规则", "Rule"],
  origin_check: ["检查", "Check"],
  opened_count: ["立", "Opened"],
  labelled: ["已核实", "Verified"],
  right: ["属实", "Right"],
  few: ["样本少", "few"],
  blank: ["", ""],
  record_outcome: ["记录核实结果", "Record what was found"],
  correct_outcome: ["更正", "Correct"],
  outcome_note: ["备注（可不填）", "Note (optional)"],
  outcome_ends: ["记录后此事结束；可再更正。", "Recording ends the matter; it can be corrected later."],
  outcome_failed: ["没有记录成功，请再试。", "It was not recorded; try again."],
  outcome_confirmed: ["属实", "Confirmed"],
  outcome_confirmed_why: ["现场属实", "It was so on site"],
  outcome_sensor_fault: ["设备故障", "Sensor fault"],
  outcome_sensor_fault_why: ["设备或安装的问题", "The device or its place was at fault"],
  outcome_regional: ["区域性", "Regional"],
  outcome_regional_why: ["区域污染，与该处无关", "Regional air, not this place"],
  outcome_false: ["误报", "False"],
  outcome_false_why: ["没有这回事", "There was nothing"],
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
