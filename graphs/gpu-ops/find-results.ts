import type { z } from "zod";

import type { ToolExchange } from "../conversation.ts";
import { type AssessmentResult, type FindingResult, WithAssessment } from "./results.ts";

/** The newest successful result of a tool that has the expected shape. */
export function latestResult<Shape>(
  exchanges: readonly ToolExchange[],
  name: string,
  schema: z.ZodType<Shape>,
): Shape | undefined {
  for (let index = exchanges.length - 1; index >= 0; index -= 1) {
    const exchange = exchanges[index];
    if (exchange === undefined || exchange.name !== name || exchange.isError) continue;
    const parsed = schema.safeParse(exchange.result);
    if (parsed.success) return parsed.data;
  }
  return undefined;
}

export function allResults<Shape>(exchanges: readonly ToolExchange[], name: string, schema: z.ZodType<Shape>): Shape[] {
  return exchanges.flatMap((exchange) => {
    if (exchange.name !== name || exchange.isError) return [];
    const parsed = schema.safeParse(exchange.result);
    return parsed.success ? [parsed.data] : [];
  });
}

/** The newest assessment, whichever tool made it, with where it came from. */
export interface FoundAssessment {
  readonly assessment: AssessmentResult;
  readonly tool: "gpu_health_check" | "analyze_gpu_log";
  readonly callId: string;
  /** Node or host the assessment is about, as an alert may name it. */
  readonly node?: string;
  readonly requestedGpu?: number;
}

export function latestAssessment(exchanges: readonly ToolExchange[]): FoundAssessment | undefined {
  for (let index = exchanges.length - 1; index >= 0; index -= 1) {
    const exchange = exchanges[index];
    if (exchange === undefined || exchange.isError) continue;
    if (exchange.name !== "gpu_health_check" && exchange.name !== "analyze_gpu_log") continue;
    const parsed = WithAssessment.safeParse(exchange.result);
    if (!parsed.success) continue;
    const { assessment, node, hosts } = parsed.data;
    const nodeId = node?.id || (hosts.length === 1 ? hosts[0] : undefined);
    const gpu = exchange.args["gpu_id"];
    return {
      assessment,
      tool: exchange.name,
      callId: exchange.callId,
      ...(nodeId === undefined ? {} : { node: nodeId }),
      ...(typeof gpu === "number" ? { requestedGpu: gpu } : {}),
    };
  }
  return undefined;
}

/** The finding that decided the verdict; without a named one, the first that nothing else explains. */
export function primaryFinding(assessment: AssessmentResult): FindingResult | undefined {
  return (
    assessment.findings.find((finding) => finding.rule === assessment.primary) ??
    assessment.findings.find((finding) => finding.caused_by === null)
  );
}
