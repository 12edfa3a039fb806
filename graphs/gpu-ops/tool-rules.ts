import { approvalReason } from "../../mcp/client/tool-policy.ts";
import { readExchanges } from "../conversation.ts";
import type { ToolRequest, ToolRules } from "../execute-tools.ts";
import { completeAlert, refuseAlert } from "./alert-rules.ts";
import { PASTED_LOG, findPastedLog } from "./pasted-log.ts";
import type { GpuOpsState } from "./state.ts";

/** Tools whose results tell whether the node behind them is a simulation. */
const NODE_TOOLS = new Set(["gpu_health_check", "list_gpus", "read_gpu_events", "run_diagnostic"]);

/** What GPU work adds to running tools: the pasted log goes in, alerts are completed and kept single, load needs a yes. */
export function gpuOpsToolRules(state: GpuOpsState, threadId?: string): ToolRules {
  const exchanges = readExchanges(state.messages);
  return {
    prepare(request) {
      if (request.name === "analyze_gpu_log") return withPastedLog(request, state);
      if (request.name === "generate_alert") return completeAlert(request, exchanges, threadId);
      return request;
    },
    answerInstead(request) {
      if (request.name === "generate_alert") return refuseAlert(request, state);
      if (request.args["log"] !== PASTED_LOG) return undefined;
      return { isError: true, text: "there is no log in this thread; ask the user to paste one" };
    },
    approvalReason(request, tool) {
      // A node counts as real until one of its own results says that it is simulated.
      const isSimulated = (): boolean =>
        exchanges.some((exchange) => NODE_TOOLS.has(exchange.name) && exchange.result["simulated"] === true);
      return approvalReason({ tool, args: request.args, isSimulated });
    },
  };
}

function withPastedLog(request: ToolRequest, state: GpuOpsState): ToolRequest {
  const log = request.args["log"] === PASTED_LOG ? findPastedLog(state.messages) : undefined;
  return log === undefined ? request : { ...request, args: { ...request.args, log } };
}
