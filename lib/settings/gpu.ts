import { z } from "zod";

import { type Setting, integer, setting, text } from "./setting.ts";

/** Where GPU readings come from. */
export const GPU_SETTINGS = {
  GPU_SOURCE: setting(
    "gpu",
    z.enum(["simulated", "nvidia-smi", "file"]).optional(),
    "simulated",
    "Where readings come from: a simulated node, this machine's `nvidia-smi`, or recorded files.",
  ),
  GPU_MODE: setting(
    "gpu",
    z.enum(["mock", "real"]).optional(),
    "",
    "Older name of `GPU_SOURCE`: `mock` is `simulated`, `real` is `nvidia-smi`.",
  ),
  SIM_SCENARIO: setting(
    "gpu",
    text.optional(),
    "clock_stuck",
    "Scenario of the simulated node, or `random` to draw one by weight from `SIM_SEED`.",
  ),
  SIM_SEED: setting("gpu", integer(0, 4_294_967_295).default(7), "7", "Seed of the simulation."),
  SIM_GPUS: setting("gpu", integer(1, 16).default(4), "4", "GPUs of a simulated node."),
  SIM_NODES: setting(
    "gpu",
    integer(1, 1_024).default(1),
    "1",
    "Nodes of the simulated fleet; the first has `SIM_SCENARIO`, the others draw by weight.",
  ),
  NVIDIA_SMI_PATH: setting("gpu", text.default("nvidia-smi"), "nvidia-smi", "The `nvidia-smi` command."),
  DCGMI_PATH: setting("gpu", text.default("dcgmi"), "dcgmi", "The `dcgmi` command."),
  GPU_COMMAND_TIMEOUT_MS: setting(
    "gpu",
    integer(100, 600_000).default(10_000),
    "10000",
    "After this a command of the GPU source is killed with its children.",
  ),
  KERNEL_LOG: setting(
    "gpu",
    text.default("auto"),
    "auto",
    "Kernel log for the `nvidia-smi` source: `auto` (journalctl, else dmesg), `none`, or a file.",
  ),
  GPU_FILE_SMI_XML: setting("gpu", text.optional(), "", "`file` source: output of `nvidia-smi -q -x`."),
  GPU_FILE_SMI_TEXT: setting("gpu", text.optional(), "", "`file` source: output of `nvidia-smi -q`."),
  GPU_FILE_METRICS: setting("gpu", text.optional(), "", "`file` source: dcgm-exporter metrics text."),
  GPU_FILE_KERNEL_LOG: setting("gpu", text.optional(), "", "`file` source: kernel log."),
  GPU_FILE_DIAG_JSON: setting("gpu", text.optional(), "", "`file` source: output of `dcgmi diag -j`."),
} as const satisfies Record<string, Setting>;
