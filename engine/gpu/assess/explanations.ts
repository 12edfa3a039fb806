/**
 * What explains what. Names are rule ids; a name that ends in `*` stands for every rule that begins so.
 *
 * `gpu`: cause and effect are on the same GPU. `node`: anywhere on the same host, and close in time where both have one.
 * A logged effect may not come before its logged cause by more than moments; what was read has no time and holds now.
 * Sources: xid catalogue, cascade rule (79, 95, 119/120, 48 and 149 dominate); incidents I01 to I26.
 */
export interface Explanation {
  readonly scope: "gpu" | "node";
  readonly causes: readonly string[];
  readonly effects: readonly string[];
}

const LINK_XIDS = ["xid.74", "xid.144", "xid.145", "xid.146", "xid.147", "xid.148", "xid.149", "xid.150"];
const FOLLOWING = ["xid.43", "xid.45", "xid.94", "xid.31", "xid.74", "xid.145"];
const CLOCK_RULES = ["clocks.*", "power.cap_below_limit", "power.hw_slowdown"];

/** In order of precedence: the first row that explains a finding names its cause. */
export const EXPLANATIONS: readonly Explanation[] = [
  {
    scope: "node",
    causes: ["power.gpus_lost_together", "node.gpus_lost_together"],
    effects: ["xid.79", "pcie.gpu_lost"],
  },
  { scope: "gpu", causes: ["xid.79"], effects: ["*"] },
  { scope: "gpu", causes: ["pcie.gpu_lost"], effects: ["*"] },
  {
    scope: "node",
    causes: ["xid.79", "pcie.gpu_lost"],
    effects: [
      "pcie.gpu_count_short",
      "fabric.links_of_many_gpus",
      "xid.43",
      "xid.45",
      ...LINK_XIDS,
      "nvlink.*",
      "network.collective_timeout",
      "source.timed_out",
    ],
  },
  {
    scope: "node",
    causes: ["sxid.*", "fabric.manager_fatal_error"],
    effects: [
      "xid.43",
      "xid.45",
      ...LINK_XIDS,
      "nvlink.*",
      "fabric.*",
      "network.collective_timeout",
      "diagnostic.nvlink_check",
    ],
  },
  { scope: "node", causes: ["nvlink.common_peer"], effects: ["fabric.links_of_many_gpus"] },
  {
    scope: "node",
    causes: ["fabric.links_of_many_gpus", "nvlink.common_peer"],
    effects: ["xid.43", "xid.45", ...LINK_XIDS, "nvlink.*", "network.collective_timeout"],
  },
  {
    scope: "gpu",
    causes: ["memory.row_remap_failed", "memory.row_remap_limit", "memory.unrepairable"],
    effects: [
      "xid.43",
      "xid.45",
      "xid.48",
      "xid.63",
      "xid.64",
      "xid.94",
      "xid.95",
      "xid.140",
      "xid.154",
      "xid.171",
      "xid.172",
      "memory.*",
      "driver.recovery_action",
    ],
  },
  {
    scope: "gpu",
    causes: ["memory.sram_threshold"],
    effects: ["xid.48", "xid.94", "xid.172", "memory.uncorrected_errors", "memory.corrected_errors"],
  },
  {
    scope: "gpu",
    causes: ["xid.48"],
    effects: [
      ...FOLLOWING,
      "xid.63",
      "xid.64",
      "xid.95",
      "xid.140",
      "xid.171",
      "xid.172",
      "memory.uncorrected_errors",
      "memory.row_remap_pending",
      "memory.bank_without_spare_rows",
      "memory.page_retirement_pending",
      "diagnostic.memory_stress",
    ],
  },
  {
    scope: "gpu",
    causes: ["xid.95", "xid.140"],
    effects: [...FOLLOWING, "xid.171", "xid.172", "memory.uncorrected_errors", "diagnostic.memory_stress"],
  },
  {
    scope: "gpu",
    causes: ["xid.94"],
    effects: ["xid.43", "xid.45", "xid.31", "xid.171", "xid.172", "memory.uncorrected_errors"],
  },
  {
    scope: "gpu",
    causes: ["xid.63", "xid.64"],
    effects: ["memory.row_remap_pending", "memory.bank_without_spare_rows", "memory.page_retirement_pending", "xid.45"],
  },
  { scope: "gpu", causes: ["xid.119", "xid.120"], effects: [...FOLLOWING, "xid.109", "firmware.init_failed"] },
  { scope: "node", causes: ["xid.119", "xid.120", "xid.62"], effects: ["source.timed_out"] },
  { scope: "gpu", causes: ["xid.149"], effects: [...FOLLOWING, ...LINK_XIDS, "nvlink.*"] },
  { scope: "node", causes: ["xid.149"], effects: ["xid.45", "xid.74", "xid.145", "nvlink.*"] },
  { scope: "gpu", causes: ["xid.74", "xid.155"], effects: ["xid.43", "xid.45", "nvlink.*"] },
  { scope: "node", causes: ["xid.74"], effects: ["nvlink.*"] },
  { scope: "gpu", causes: ["nvlink.inactive_links"], effects: ["nvlink.*", "diagnostic.nvlink_check"] },
  { scope: "gpu", causes: LINK_XIDS, effects: ["xid.43", "xid.45", "diagnostic.nvlink_check"] },
  {
    scope: "gpu",
    causes: ["xid.13", "xid.31", "xid.46", "xid.109", "xid.158", "xid.62"],
    effects: ["xid.43", "xid.45"],
  },
  { scope: "gpu", causes: ["xid.43"], effects: ["xid.45"] },
  {
    scope: "node",
    causes: ["app.oom_killer", "app.cuda_out_of_memory"],
    effects: ["xid.43", "xid.45", "memory.nearly_full"],
  },
  { scope: "node", causes: ["thermal.several_gpus_hot"], effects: ["thermal.*"] },
  { scope: "gpu", causes: ["power.hw_power_brake"], effects: [...CLOCK_RULES, "diagnostic.compute_stress"] },
  {
    scope: "gpu",
    causes: ["thermal.*"],
    effects: [...CLOCK_RULES, "diagnostic.thermal_profile", "diagnostic.compute_stress"],
  },
  {
    scope: "gpu",
    causes: ["power.lowered_limit", "clocks.*", "power.cap_below_limit"],
    effects: ["diagnostic.compute_stress"],
  },
  { scope: "gpu", causes: ["diagnostic.compute_stress"], effects: ["compute.silent_corruption"] },
  { scope: "gpu", causes: ["memory.*"], effects: ["diagnostic.memory_stress"] },
  { scope: "gpu", causes: ["pcie.*"], effects: ["diagnostic.pcie_bandwidth"] },
  {
    scope: "node",
    causes: ["source.driver_mismatch", "driver.api_mismatch", "source.driver_not_loaded"],
    effects: ["driver.nvml_init_failed", "pcie.gpu_count_short", "source.no_devices", "source.failed"],
  },
  {
    scope: "node",
    causes: [
      "network.link_flap",
      "network.link_down",
      "fabric.*",
      "xid.48",
      "xid.64",
      "xid.74",
      "xid.95",
      "xid.109",
      "xid.119",
      "xid.120",
      "xid.149",
      "xid.94",
      "xid.31",
      "xid.13",
      "app.oom_killer",
      "nvlink.inactive_links",
      "power.hw_power_brake",
      "clocks.*",
      "power.lowered_limit",
    ],
    effects: ["network.collective_timeout"],
  },
  { scope: "node", causes: ["compute.silent_corruption"], effects: ["compute.not_a_number"] },
];

/**
 * Rules that describe one fault from several sides. On one GPU, or on one node for rules about the node, the most severe
 * of them stands for the family, the earlier in the list at a tie, and explains the others.
 */
export const FAMILIES: readonly (readonly string[])[] = [
  [
    "thermal.hw_slowdown",
    "thermal.no_margin",
    "thermal.over_temperature",
    "thermal.sw_slowdown",
    "thermal.memory_over_temperature",
    "thermal.hotter_than_peers",
  ],
  [
    "fabric.manager_down",
    "fabric.manager_version_log",
    "fabric.manager_version",
    "fabric.not_ready",
    "fabric.unhealthy",
    "fabric.cuda_not_initialized",
    "fabric.manager_error",
  ],
  [
    "pcie.aer_fatal",
    "pcie.narrow_link",
    "pcie.slow_link",
    "pcie.replay_rate",
    "pcie.bandwidth_limited",
    "pcie.aer_uncorrected",
    "pcie.aer_corrected",
  ],
  [
    "power.lowered_limit",
    "clocks.application_clocks",
    "power.cap_below_limit",
    "clocks.low_under_load",
    "clocks.slower_than_peers",
  ],
  ["source.driver_mismatch", "driver.api_mismatch", "driver.nvml_init_failed"],
  ["memory.uncorrected_errors", "memory.row_remap_pending", "memory.repair_pending", "memory.page_retirement_pending"],
];

export function matchesRule(patterns: readonly string[], rule: string): boolean {
  return patterns.some((pattern) => (pattern.endsWith("*") ? rule.startsWith(pattern.slice(0, -1)) : rule === pattern));
}
