import type { Action, Verdict } from "../vocabulary.ts";
import type { Operation } from "./operation.ts";
import { EVIDENCE_OPERATIONS } from "./operations/evidence.ts";
import { ISOLATE_OPERATIONS } from "./operations/isolate.ts";
import { RECOVER_OPERATIONS } from "./operations/recover.ts";
import { VERIFY_OPERATIONS } from "./operations/verify.ts";

const ALL = { ...EVIDENCE_OPERATIONS, ...ISOLATE_OPERATIONS, ...RECOVER_OPERATIONS, ...VERIFY_OPERATIONS };

export type OperationId = keyof typeof ALL;

export const OPERATIONS: Readonly<Record<OperationId, Operation>> = ALL;

const AFTER_RESET = ["start_gpu_services", "verify_gpu_answers", "verify_memory", "verify_no_new_xid"] as const;

/**
 * What each action comes down to. Source: the incident patterns' fix steps and NVIDIA's Xid catalogue; the order between
 * phases is made by the plan.
 */
export const ACTION_OPERATIONS: Readonly<Record<Action, readonly OperationId[]>> = {
  NONE: ["read_gpu_state", "verify_no_new_xid"],
  WATCH: ["read_gpu_state", "read_kernel_log", "watch_counters", "verify_no_new_xid"],
  RESTART_APP: ["read_kernel_log", "list_processes", "read_job_log", "restart_app", "verify_no_new_xid"],
  CHECK_APP: ["read_kernel_log", "list_processes", "read_job_log", "end_leftover_process", "verify_no_new_xid"],
  RESET_GPU: [
    "read_gpu_state",
    "read_kernel_log",
    "collect_bug_report",
    "list_processes",
    "cordon",
    "free_gpu",
    "stop_gpu_services",
    "reset_gpu",
    ...AFTER_RESET,
    "software_check",
    "uncordon",
  ],
  DRAIN_RESET: [
    "read_gpu_state",
    "read_kernel_log",
    "collect_bug_report",
    "list_processes",
    "cordon",
    "drain",
    "stop_gpu_services",
    "reset_gpu",
    ...AFTER_RESET,
    "software_check",
    "uncordon",
  ],
  REBOOT_NODE: [
    "read_gpu_state",
    "read_kernel_log",
    "read_system_events",
    "collect_bug_report",
    "cordon",
    "drain",
    "reboot_node",
    "verify_gpu_answers",
    "verify_pcie",
    "verify_no_new_xid",
    "software_check",
    "uncordon",
  ],
  RESTART_VM: ["read_gpu_state", "read_kernel_log", "restart_vm", "verify_gpu_answers", "verify_no_new_xid"],
  RESTART_FABRIC_MANAGER: [
    "read_fabric_manager",
    "read_versions",
    "list_processes",
    "cordon",
    "restart_fabric_manager",
    "verify_fabric",
    "verify_nvlink",
    "uncordon",
  ],
  RESET_FABRIC: [
    "read_nvlink",
    "read_fabric_manager",
    "read_kernel_log",
    "collect_bug_report",
    "cordon",
    "drain",
    "stop_gpu_services",
    "reset_all_gpus",
    ...AFTER_RESET,
    "verify_fabric",
    "verify_nvlink",
    "uncordon",
  ],
  RESEAT: [
    "read_kernel_log",
    "read_system_events",
    "read_pcie",
    "cordon",
    "drain",
    "reseat",
    "verify_gpu_answers",
    "verify_pcie",
    "verify_no_new_xid",
    "uncordon",
  ],
  CHECK_COOLING: [
    "read_thermals",
    "read_chassis_sensors",
    "read_system_events",
    "lower_power_cap",
    "mend_cooling",
    "verify_thermals",
  ],
  INSPECT_LINK: ["read_nvlink", "read_nvlink_peers", "read_network_links", "service_link", "verify_nvlink"],
  INSPECT_PEER: ["read_nvlink_peers", "read_kernel_log", "read_network_links", "verify_nvlink"],
  INSPECT_HOST: ["read_host_health", "read_kernel_log", "read_system_events", "read_pcie", "verify_gpu_answers"],
  UPDATE_DRIVER: [
    "read_versions",
    "read_kernel_log",
    "cordon",
    "drain",
    "update_driver",
    "verify_versions",
    "verify_gpu_answers",
    "software_check",
    "uncordon",
  ],
  RUN_DIAG: [
    "read_gpu_state",
    "list_processes",
    "cordon",
    "free_gpu",
    "run_diagnostic",
    "verify_no_new_xid",
    "uncordon",
  ],
  RMA_REVIEW: [
    "read_gpu_state",
    "read_kernel_log",
    "collect_bug_report",
    "cordon",
    "drain",
    "verify_memory",
    "open_rma",
  ],
  CHECK_POWER: ["read_power", "read_system_events", "read_clocks", "mend_power", "verify_clocks"],
  RESTORE_CLOCKS: [
    "read_clocks",
    "list_processes",
    "reset_clocks",
    "restore_power_limit",
    "enable_persistence",
    "verify_clocks",
  ],
};

/** Operations that would be the action under another name; what is forbidden must not come back through another plan. */
export const FORBIDDEN_OPERATIONS: Readonly<Record<Action, readonly OperationId[]>> = {
  NONE: [],
  WATCH: [],
  RESTART_APP: ["restart_app", "free_gpu"],
  CHECK_APP: ["end_leftover_process"],
  RESET_GPU: ["reset_gpu", "reset_all_gpus"],
  DRAIN_RESET: ["drain"],
  REBOOT_NODE: ["reboot_node", "power_cycle_node"],
  RESTART_VM: ["restart_vm"],
  RESTART_FABRIC_MANAGER: ["restart_fabric_manager", "reset_all_gpus"],
  RESET_FABRIC: ["reset_all_gpus"],
  RESEAT: ["reseat"],
  CHECK_COOLING: ["lower_power_cap", "mend_cooling"],
  INSPECT_LINK: ["service_link"],
  INSPECT_PEER: [],
  INSPECT_HOST: [],
  UPDATE_DRIVER: ["update_driver"],
  RUN_DIAG: ["run_diagnostic"],
  RMA_REVIEW: ["open_rma"],
  CHECK_POWER: ["mend_power"],
  RESTORE_CLOCKS: ["reset_clocks", "restore_power_limit"],
};

/** Where only a verdict is known: the most careful action that makes sense of it. */
export const VERDICT_ACTIONS: Readonly<Record<Verdict, readonly [Action, ...Action[]]>> = {
  healthy: ["NONE"],
  app: ["CHECK_APP"],
  gpu_degraded: ["WATCH", "RUN_DIAG"],
  gpu_failed: ["RMA_REVIEW"],
  node: ["INSPECT_HOST"],
  fabric: ["INSPECT_LINK"],
  network: ["INSPECT_LINK"],
  power: ["CHECK_POWER"],
  cooling: ["CHECK_COOLING"],
  driver: ["UPDATE_DRIVER"],
  telemetry: ["WATCH"],
};

/** Actions that a verdict rules out by itself: an application fault is no reason to touch the hardware. */
export const VERDICT_FORBIDS: Readonly<Partial<Record<Verdict, readonly Action[]>>> = {
  app: ["DRAIN_RESET", "REBOOT_NODE", "RMA_REVIEW"],
};
