import type { Finding } from "../finding.ts";
import { SEVERITY_RANK } from "../vocabulary.ts";

/** Status words of a GPU health report. */
export type GpuStatus = "healthy" | "warning" | "critical";

export interface GpuHealthStatus {
  readonly status: GpuStatus;
  /** One sentence per finding that says that something is wrong, the most severe first. */
  readonly issues: readonly string[];
}

/**
 * Status of one GPU from the findings of an assessment. Findings of info grade are listed and leave the status as it is,
 * a number without a threshold is neither. An effect of a fault elsewhere counts as a warning at most: the GPU did not
 * cause it. Findings about the node as a whole belong to no GPU.
 */
export function gpuHealthStatus(findings: readonly Finding[], gpu: number): GpuHealthStatus {
  const own = findings.filter(
    (finding) => finding.gpu === gpu && finding.verdict !== "healthy" && finding.isMeasuredOnly !== true,
  );
  const rules = new Set(own.map(({ rule }) => rule));
  const weight = ({ severity, causedBy }: Finding): number => {
    const rank = SEVERITY_RANK[severity];
    return causedBy !== undefined && !rules.has(causedBy) ? Math.min(rank, SEVERITY_RANK.warning) : rank;
  };
  const worst = Math.max(SEVERITY_RANK.info, ...own.map(weight));
  return {
    status: worst === SEVERITY_RANK.critical ? "critical" : worst === SEVERITY_RANK.warning ? "warning" : "healthy",
    issues: [...own]
      .sort((left, right) => weight(right) - weight(left))
      .map((finding) =>
        finding.causedBy === undefined ? finding.title : `${finding.title} (follows ${finding.causedBy})`,
      ),
  };
}
