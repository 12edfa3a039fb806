import type { Command } from "commander";

import { oneOf, wholeNumber } from "../arguments.ts";
import type { Action } from "../program.ts";

export function addGpuCommands(program: Command, action: Action): void {
  const gpu = program.command("gpu").helpCommand(false).description("look at GPUs");
  gpu
    .command("list")
    .description("GPUs of a node")
    .action(action(() => import("../commands/gpu-list.ts")));
  gpu
    .command("health")
    .description("readings, findings and verdict; exit 3 when something is wrong")
    .option("--gpu <index>", "one GPU", wholeNumber(0, 4_095))
    .option("--fail-on <level>", "warning, critical or never", oneOf("warning", "critical", "never"), "warning")
    .action(action(() => import("../commands/gpu-health.ts")));
  gpu
    .command("events")
    .description("GPU records of the kernel log")
    .option("--gpu <index>", "one GPU", wholeNumber(0, 4_095))
    .option("--xid <code>", "one XID", wholeNumber(0, 65_535))
    .option("--limit <count>", "most records", wholeNumber(1, 1_000), 50)
    .action(action(() => import("../commands/gpu-events.ts")));
  gpu
    .command("diag")
    .description("run one diagnostic")
    .argument("<test>", "memory_stress, compute_stress, nvlink_check, pcie_bandwidth or thermal_profile")
    .option("--gpu <index>", "GPU", wholeNumber(0, 4_095), 0)
    .option("--mode <mode>", "quick or full", oneOf("quick", "full"), "quick")
    .option("-y, --yes", "run a full test without asking", false)
    .action(action(() => import("../commands/gpu-diag.ts")));
  gpu
    .command("triage")
    .description("diagnose recorded files, without a server")
    .option("--smi-xml <file>", "output of `nvidia-smi -q -x`")
    .option("--smi-text <file>", "output of `nvidia-smi -q`")
    .option("--kernel-log <file>", "kernel log: dmesg, syslog or journald JSON; `-` for stdin")
    .option("--metrics <file>", "dcgm-exporter metrics")
    .option("--diag-json <file>", "output of `dcgmi diag -j`")
    .action(action(() => import("../commands/gpu-triage.ts")));
}
