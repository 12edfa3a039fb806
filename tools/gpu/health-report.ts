import { z } from "zod";

import { gpuHealthStatus } from "../../engine/gpu/assess/health-status.ts";
import type { GpuReading } from "../../engine/gpu/reading.ts";
import { gpuOfEvent, type Observation } from "./observe.ts";

export const HealthStatus = z.enum(["healthy", "warning", "critical"]);
export type HealthStatus = z.infer<typeof HealthStatus>;

const number = z.number().nullable();

/** One GPU with the field names of the original tool. What the GPU does not report is null, never 0. */
export const GpuHealthReport = z.object({
  gpu_id: z.number().int().describe("counted from 0"),
  name: z.string().nullable().describe("model name"),
  uuid: z.string().nullable().describe("GPU-…"),
  pci: z.string().nullable().describe("PCI address"),
  temperature_c: number.describe("core temperature"),
  utilization_pct: number.describe("share of time a kernel ran"),
  memory_used_gb: number.describe("GiB in use"),
  memory_total_gb: number.describe("GiB installed"),
  memory_utilization_pct: number.describe("used share of the memory"),
  power_draw_w: number.describe("power drawn now"),
  power_limit_w: number.describe("enforced limit"),
  clock_speed_mhz: number.describe("SM clock now"),
  max_clock_mhz: number.describe("highest SM clock"),
  ecc_single_bit_errors: number.describe("corrected ECC errors since the driver was loaded"),
  ecc_double_bit_errors: number.describe("uncorrected ECC errors since the driver was loaded"),
  pcie_gen: number.describe("link generation now; idle GPUs lower it"),
  pcie_width: number.describe("lanes in use"),
  xid_errors: z.array(z.number().int()).describe("XID codes in the kernel log for this GPU, in order, repeats once"),
  fan_speed_pct: number.describe("null on passively cooled boards"),
  status: HealthStatus.describe("worst finding of this GPU; an effect of a fault elsewhere is a warning at most"),
  issues: z.array(z.string()).describe("findings of this GPU"),
  timestamp: number.describe("Unix seconds of the reading"),
});
export type GpuHealthReport = z.infer<typeof GpuHealthReport>;

export const HealthSummary = z.object({
  total_gpus: z.number().int().describe("GPUs in this answer"),
  healthy: z.number().int().describe("without a finding above info"),
  warnings: z.number().int().describe("with warnings"),
  critical: z.number().int().describe("with critical findings"),
  overall_status: HealthStatus.describe("worst status present"),
  action_required: z.boolean().describe("somebody has to do something"),
});
export type HealthSummary = z.infer<typeof HealthSummary>;

const STATUS_OF_SEVERITY = { info: "healthy", warning: "warning", critical: "critical" } as const;
const STATUS_RANK: Readonly<Record<HealthStatus, number>> = { healthy: 0, warning: 1, critical: 2 };

/** A GPU that only a finding names, because it is lost, is reported with nulls and its findings. */
export function reportGpu(gpuId: number, observation: Observation): GpuHealthReport {
  const { reading, log } = observation;
  const gpu = reading.gpus.find((candidate) => candidate.index === gpuId);
  const findings = observation.assessment.findings.filter((finding) => finding.gpu === gpuId);
  const { status, issues } = gpuHealthStatus(findings, gpuId);
  const xids = log.events.flatMap((event) =>
    event.kind === "xid" && gpuOfEvent(event, reading.gpus) === gpuId ? [event.xid] : [],
  );
  const named = findings.flatMap((finding) => finding.xid ?? []);
  return {
    gpu_id: gpuId,
    name: gpu?.name ?? null,
    uuid: gpu?.uuid ?? null,
    pci: gpu?.pci ?? findings.find((finding) => finding.pci !== undefined)?.pci ?? null,
    temperature_c: gpu?.temperatureC ?? null,
    utilization_pct: gpu?.utilizationPct ?? null,
    memory_used_gb: toGib(gpu?.memoryUsedMib),
    memory_total_gb: toGib(gpu?.memoryTotalMib),
    memory_utilization_pct: usedShare(gpu),
    power_draw_w: gpu?.powerDrawW ?? null,
    power_limit_w: gpu?.powerLimitW ?? null,
    clock_speed_mhz: gpu?.smClockMhz ?? null,
    max_clock_mhz: gpu?.maxSmClockMhz ?? null,
    ecc_single_bit_errors: sum(gpu?.eccVolatile?.dramCorrected, gpu?.eccVolatile?.sramCorrected),
    ecc_double_bit_errors: sum(gpu?.eccVolatile?.dramUncorrected, gpu?.eccVolatile?.sramUncorrected),
    pcie_gen: gpu?.pcieGeneration ?? null,
    pcie_width: gpu?.pcieWidth ?? null,
    xid_errors: [...new Set([...xids, ...named])],
    fan_speed_pct: gpu?.fanSpeedPct ?? null,
    status,
    issues: [...issues],
    timestamp: reading.collectedAtMs === undefined ? null : Math.round(reading.collectedAtMs / 1_000),
  };
}

/**
 * Counts of the GPUs in the answer. With `isWholeNode` a fault that belongs to no single GPU (a missing one, the
 * fabric, the driver) counts for the overall status too.
 */
export function summariseHealth(
  reports: readonly GpuHealthReport[],
  { assessment }: Observation,
  isWholeNode: boolean,
): HealthSummary {
  const statuses = reports.map((report) => report.status);
  const count = (status: HealthStatus): number => statuses.filter((candidate) => candidate === status).length;
  const overall = worst(isWholeNode ? [...statuses, STATUS_OF_SEVERITY[assessment.severity]] : statuses);
  return {
    total_gpus: reports.length,
    healthy: count("healthy"),
    warnings: count("warning"),
    critical: count("critical"),
    overall_status: overall,
    action_required: overall !== "healthy",
  };
}

function worst(statuses: readonly HealthStatus[]): HealthStatus {
  return statuses.reduce<HealthStatus>(
    (left, right) => (STATUS_RANK[right] > STATUS_RANK[left] ? right : left),
    "healthy",
  );
}

/** MiB to GiB with two digits; the original calls the unit GB. */
export function toGib(mib: number | undefined): number | null {
  return mib === undefined ? null : Math.round((mib / 1_024) * 100) / 100;
}

function usedShare(gpu: GpuReading | undefined): number | null {
  if (gpu?.memoryUsedMib === undefined || !gpu.memoryTotalMib) return null;
  return Math.round((gpu.memoryUsedMib / gpu.memoryTotalMib) * 1_000) / 10;
}

/** The sum of what is reported; null when neither is. */
function sum(left: number | undefined, right: number | undefined): number | null {
  return left === undefined && right === undefined ? null : (left ?? 0) + (right ?? 0);
}
