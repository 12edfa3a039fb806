import { type CommandContext, withService } from "../context.ts";
import type { ExitName } from "../exit-codes.ts";
import { simulatedNote } from "../report-text.ts";
import { table } from "../table.ts";
import { jsonText } from "../terminal.ts";

export async function run(context: CommandContext): Promise<ExitName> {
  const { terminal, options } = context;
  const list = await withService(context, (service) => service.gpus({ node: options.node }));
  if (options.json) {
    terminal.out(jsonText("gpu_list", list));
    return "ok";
  }
  terminal.out(
    table(
      list.gpus,
      [
        { title: "gpu", value: (gpu) => gpu.gpu_id, align: "right" },
        { title: "name", value: (gpu) => gpu.name },
        { title: "status", value: (gpu) => gpu.status },
        { title: "pci", value: (gpu) => gpu.pci },
        { title: "memory", value: (gpu) => (gpu.memory_total_gb == null ? null : `${gpu.memory_total_gb} GB`) },
        { title: "uuid", value: (gpu) => gpu.uuid },
      ],
      terminal.columns,
    ),
  );
  simulatedNote(terminal, list.simulated);
  return "ok";
}
