import type { Observation } from "../checks/log/observation.ts";
import type { Finding } from "../finding.ts";
import type { Action } from "../vocabulary.ts";
import { matchesRule } from "./explanations.ts";

/** What comes after the first step, for rules that name nothing of their own. Sources: fix lists of incidents I01 to I26. */
const FOLLOW_UPS: readonly { readonly rules: readonly string[]; readonly steps: readonly Action[] }[] = [
  { rules: ["pcie.gpu_lost", "pcie.gpu_count_short"], steps: ["RESEAT", "RMA_REVIEW"] },
  {
    rules: [
      "memory.uncorrected_errors",
      "memory.row_remap_pending",
      "memory.repair_pending",
      "memory.page_retirement_pending",
    ],
    steps: ["RUN_DIAG", "WATCH"],
  },
  { rules: ["nvlink.inactive_links"], steps: ["INSPECT_LINK", "RESEAT"] },
  { rules: ["pcie.*"], steps: ["INSPECT_HOST"] },
  { rules: ["power.hw_power_brake"], steps: ["REBOOT_NODE"] },
  { rules: ["power.lowered_limit", "power.cap_below_limit", "clocks.*"], steps: ["RUN_DIAG"] },
  { rules: ["thermal.*"], steps: ["WATCH"] },
  {
    rules: ["fabric.manager_down", "fabric.manager_version*", "fabric.not_ready"],
    steps: ["UPDATE_DRIVER"],
  },
  { rules: ["source.driver_mismatch"], steps: ["REBOOT_NODE"] },
];

/** Steps for the deciding observations, the first one immediate; never empty. `NONE` stands only alone. */
export function listActions(deciding: readonly Observation[], all: readonly Observation[]): Action[] {
  const [primary, ...others] = deciding;
  if (primary === undefined) return ["NONE"];
  const banned = hardBans(all);
  const steps = [
    primary.finding.action,
    ...followUpsOf(primary),
    ...others.filter((other) => !isCovered(other, primary)).map(({ finding }) => finding.action),
  ].filter((step) => step !== "NONE" && !banned.has(step));
  // Watching is what one does anyway after a repair; it is a step of its own only where nothing else is to be done.
  const distinct = [...new Set(steps)];
  const ordered = [...distinct.filter((step) => step !== "WATCH"), ...distinct.filter((step) => step === "WATCH")];
  if (primary.finding.action === "NONE") return ["NONE"];
  return ordered.length === 0 ? ["NONE"] : ordered;
}

const RESETS: ReadonlySet<Action> = new Set(["RESET_GPU", "DRAIN_RESET"]);

/** A restart resets the GPU that asks for it as well, and one that is off the bus cannot be reset before. */
function isCovered({ finding, gpuKey, host }: Observation, primary: Observation): boolean {
  return (
    primary.finding.action === "REBOOT_NODE" &&
    gpuKey !== undefined &&
    gpuKey === primary.gpuKey &&
    host === primary.host &&
    RESETS.has(finding.action)
  );
}

function followUpsOf({ finding, followUp }: Observation): readonly Action[] {
  if (followUp.length > 0) return followUp;
  return FOLLOW_UPS.find(({ rules }) => matchesRule(rules, finding.rule))?.steps ?? [];
}

/**
 * Steps that are dangerous whatever else is wrong: no stress test on a node whose GPU is lost, whose memory error was
 * not contained, or whose remapping failed; the test adds risk there. Source: safety rules of the diagnostics.
 */
function hardBans(all: readonly Observation[]): ReadonlySet<Action> {
  const isDangerous = all.some(
    ({ finding }) =>
      matchesRule(
        [
          "xid.79",
          "xid.95",
          "pcie.gpu_lost",
          "memory.row_remap_failed",
          "memory.row_remap_limit",
          "memory.unrepairable",
        ],
        finding.rule,
      ) &&
      finding.action !== "WATCH" &&
      finding.verdict !== "healthy",
  );
  return new Set(isDangerous ? ["RUN_DIAG"] : []);
}

const DESTRUCTIVE: readonly Action[] = ["RESET_GPU", "DRAIN_RESET", "REBOOT_NODE", "RESET_FABRIC", "RMA_REVIEW"];

interface Ban {
  readonly when: (finding: Finding) => boolean;
  readonly actions: readonly Action[];
}

/** What would do harm or nothing for the fault that decides the verdict. A step another fault needs is not banned. */
const BANS: readonly Ban[] = [
  { when: ({ verdict }) => verdict === "app" || verdict === "telemetry", actions: [...DESTRUCTIVE, "RESEAT"] },
  { when: ({ verdict }) => verdict === "network", actions: DESTRUCTIVE },
  { when: ({ verdict }) => verdict === "driver", actions: ["RMA_REVIEW", "RESEAT"] },
  { when: ({ verdict }) => verdict === "power" || verdict === "cooling", actions: ["RMA_REVIEW"] },
  { when: ({ rule }) => rule === "thermal.hw_slowdown", actions: ["RUN_DIAG"] },
  {
    when: ({ rule }) => rule.startsWith("fabric.manager") || rule === "fabric.not_ready",
    actions: ["RMA_REVIEW", "RESEAT"],
  },
  { when: ({ rule }) => rule === "xid.94", actions: ["RESET_GPU", "DRAIN_RESET", "REBOOT_NODE"] },
  { when: ({ action }) => action === "WATCH", actions: DESTRUCTIVE },
];

/** Actions that must not be taken, disjoint from `actions`. For a healthy node: everything that interrupts work. */
export function listForbidden(
  deciding: readonly Observation[],
  all: readonly Observation[],
  actions: readonly Action[],
): Action[] {
  const [primary] = deciding;
  const bans =
    primary === undefined
      ? DESTRUCTIVE
      : BANS.filter(({ when }) => when(primary.finding)).flatMap((ban) => ban.actions);
  return [...new Set([...hardBans(all), ...bans])].filter((action) => !actions.includes(action));
}
