import { describe, expect, it } from "vitest";

import type { ToolDescription } from "../../../mcp/client/tool-client.ts";
import { approvalReason, canRetry, canRunInParallel } from "../../../mcp/client/tool-policy.ts";

function tool(changes: Partial<ToolDescription>): ToolDescription {
  return {
    server: "s",
    name: "t",
    description: "",
    inputSchema: { type: "object" },
    isReadOnly: false,
    isDestructive: false,
    isIdempotent: false,
    ...changes,
  };
}

describe("tool policy", () => {
  it("runs only reading tools side by side, and sends again only what does no more the second time", () => {
    expect(canRunInParallel(tool({ isReadOnly: true }))).toBe(true);
    expect(canRunInParallel(tool({ isIdempotent: true }))).toBe(false);
    expect(canRetry(tool({ isReadOnly: true }))).toBe(true);
    expect(canRetry(tool({ isIdempotent: true }))).toBe(true);
    expect(canRetry(tool({}))).toBe(false);
  });

  it("asks a person before anything destructive, and before a full diagnostic of a real GPU", () => {
    const diagnostic = tool({ name: "run_diagnostic" });
    const ask = (args: Record<string, unknown>, isSimulated: boolean): string | undefined =>
      approvalReason({ tool: diagnostic, args, isSimulated: () => isSimulated });

    const destructive = tool({ isDestructive: true });
    expect(approvalReason({ tool: destructive, args: {}, isSimulated: () => true })).toContain("change");
    expect(approvalReason({ tool: tool({}), args: { mode: "full" }, isSimulated: () => false })).toBeUndefined();
    expect(ask({ test_name: "nvlink_check", mode: "full" }, false)).toContain("full diagnostic");
    expect(ask({ test_name: "memory_stress", mode: "quick" }, false)).toBeUndefined();
    expect(ask({ test_name: "memory_stress", mode: "full" }, true)).toBeUndefined();
  });
});
