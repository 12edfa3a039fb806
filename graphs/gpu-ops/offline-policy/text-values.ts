import type { GpuHealthResult, HealthCheckResult } from "../results.ts";

const MAX_GPUS = 16;

/** One line a GPU, of those asked for; undefined when there is none. */
export function describeGpus(gpus: readonly GpuHealthResult[], gpuIds: readonly number[]): string | undefined {
  const wanted = gpus.filter((gpu) => gpuIds.length === 0 || gpuIds.includes(gpu.gpu_id));
  if (wanted.length === 0) return undefined;
  const left = wanted.length - MAX_GPUS;
  return [...wanted.slice(0, MAX_GPUS).map(gpuLine), ...(left > 0 ? [`- and ${left} more in the report`] : [])].join(
    "\n",
  );
}

/** Values and versions, as they were read. */
export function describeValues(
  health: ReturnType<typeof HealthCheckResult.parse>,
  gpuIds: readonly number[],
): readonly (string | undefined)[] {
  const { node } = health;
  const driver = node?.driver_version ? `driver ${node.driver_version}` : "driver version not reported";
  return [
    `${node?.id ? `${node.id}: ` : ""}${driver}${health.simulated ? " (simulated node)" : ""}.`,
    describeGpus(health.gpus, gpuIds),
  ];
}

/** A value the source does not report is left out; findings stand elsewhere in the answer. */
function gpuLine(gpu: GpuHealthResult): string {
  const values = [
    valueText(gpu.temperature_c, null, "°C"),
    valueText(gpu.utilization_pct, null, "% busy"),
    valueText(gpu.clock_speed_mhz, gpu.max_clock_mhz, "MHz"),
    valueText(gpu.power_draw_w, null, "W"),
    valueText(gpu.memory_used_gb, gpu.memory_total_gb, "GB"),
  ].filter((value) => value !== "");
  return `- GPU ${gpu.gpu_id} ${gpu.name}: ${[gpu.status, ...values].join(", ")}`;
}

function valueText(value: number | null, of: number | null, unit: string): string {
  if (value === null) return "";
  return `${rounded(value)}${of === null ? "" : ` of ${rounded(of)}`} ${unit}`;
}

/** Nobody needs the hundredth of a watt. */
function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 10) / 10;
}
