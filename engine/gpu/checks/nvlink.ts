import { NVLINK_COUNTER_LIMITS } from "../catalog/memory-limits.ts";
import type { Evidence, Finding } from "../finding.ts";
import type { GpuReading, NvlinkReading } from "../reading.ts";
import { gpuFinding } from "./check.ts";
import type { GpuContext } from "./check.ts";

/**
 * A link that the device reports as inactive, or fewer links than the model has. A bridge card may have no bridge, so
 * for models without a link count in the table a card with no active link at all is left alone.
 * Source: NVIDIA Health Validation (18 links, none inactive, on Hopper and Blackwell); model table.
 */
export function inactiveLinks(context: GpuContext): Finding[] {
  const { gpu, limits } = context;
  // A source that lists links without their state, as an exporter's counters do, does not say how many there are.
  const links = (gpu.nvlinks ?? []).filter((link) => link.isActive !== undefined);
  const inactive = links.filter((link) => link.isActive === false);
  const active = links.filter((link) => link.isActive === true).length;
  const missing = links.length === 0 ? 0 : (limits?.nvlinkCount ?? 0) - links.length;
  if (inactive.length === 0 && missing <= 0) return [];
  if (limits?.nvlinkCount === undefined && active === 0) return [];
  const evidence = inactive.slice(0, 4).flatMap((link) => quoteLink(gpu, link, "isActive"));
  if (evidence.length === 0) evidence.push(...links.slice(-1).flatMap((link) => quoteLink(gpu, link, "link")));
  return [
    gpuFinding(context, {
      rule: "nvlink.inactive_links",
      component: "nvlink",
      severity: "critical",
      verdict: "gpu_degraded",
      title: `${inactive.length + Math.max(0, missing)} of ${Math.max(links.length, limits?.nvlinkCount ?? 0)} NVLinks are not active`,
      action: "RESET_GPU",
      source: "NVIDIA Health Validation: inactive NVLinks; model table",
      evidence,
    }),
  ];
}

/**
 * On NVLink 2 to 4 one replay or recovery is worth a look. A total says nothing about when, so it is watched only.
 * NVLink 5 has other counters. Source: NVIDIA/DCGM NVLink watch (2026-07).
 */
export function linkRetries(context: GpuContext): Finding[] {
  const { gpu, limits } = context;
  if ((limits?.nvlinkVersion ?? 4) >= 5) return [];
  const noisy = (gpu.nvlinks ?? []).filter(
    (link) =>
      (link.replayErrors ?? 0) >= NVLINK_COUNTER_LIMITS.replayWarn ||
      (link.recoveryErrors ?? 0) >= NVLINK_COUNTER_LIMITS.recoveryWarn,
  );
  if (noisy.length === 0) return [];
  return [
    gpuFinding(context, {
      rule: "nvlink.link_retries",
      component: "nvlink",
      severity: "warning",
      verdict: "gpu_degraded",
      title: `Replays or recoveries on NVLink ${noisy.map((link) => link.link).join(", ")}`,
      action: "WATCH",
      source: "NVIDIA/DCGM NVLink watch (2026-07): replay and recovery counters",
      evidence: noisy.slice(0, 4).flatMap((link) => quoteLink(gpu, link, "replayErrors", "recoveryErrors")),
    }),
  ];
}

/** The limit on CRC errors is a rate; one look gives a total, which is reported and not judged. */
export function linkCrcErrors(context: GpuContext): Finding[] {
  const { gpu } = context;
  const noisy = (gpu.nvlinks ?? []).filter((link) => (link.crcErrors ?? 0) > 0);
  if (noisy.length === 0) return [];
  return [
    gpuFinding(context, {
      rule: "nvlink.crc_errors",
      component: "nvlink",
      severity: "info",
      verdict: "healthy",
      title: `CRC errors counted on NVLink ${noisy.map((link) => link.link).join(", ")}; the limit is a rate`,
      action: "NONE",
      source: "NVIDIA/DCGM NVLink watch (2026-07): more than 100 CRC flit errors per second",
      evidence: noisy.slice(0, 4).flatMap((link) => quoteLink(gpu, link, "crcErrors")),
      isMeasuredOnly: true,
    }),
  ];
}

const LINK_FIELDS = {
  link: "link",
  isActive: "is_active",
  replayErrors: "replay_errors",
  recoveryErrors: "recovery_errors",
  crcErrors: "crc_errors",
} as const;

function quoteLink(gpu: GpuReading, link: NvlinkReading, ...fields: (keyof typeof LINK_FIELDS)[]): Evidence[] {
  return fields.flatMap((field) => {
    const value = link[field];
    if (value === undefined) return [];
    return [
      { from: "reading", where: `gpu ${gpu.index} nvlinks.${link.link}.${LINK_FIELDS[field]}`, quote: String(value) },
    ];
  });
}
