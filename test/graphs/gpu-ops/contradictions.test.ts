import { describe, expect, it } from "vitest";

import { contradictions } from "../../../graphs/gpu-ops/contradictions.ts";
import { AssessmentResult } from "../../../graphs/gpu-ops/results.ts";
import { HEALTHY, STUCK_CLOCK } from "../support/gpu-tools.ts";

const faulty = AssessmentResult.parse({
  ...STUCK_CLOCK,
  verdict: "gpu_degraded",
  forbidden_actions: ["REBOOT_NODE", "RUN_DIAG", "RESET_GPU"],
});
const healthy = AssessmentResult.parse(HEALTHY);

describe("contradictions", () => {
  it.each([
    "All GPUs are healthy.",
    "The node looks perfectly fine.",
    "I found no issues.",
    "GPU 2 is slow because the batch is small.\nEverything is normal.",
  ])("notes that a faulty node is called healthy: %s", (text) => {
    expect(contradictions(text, faulty)).toHaveLength(1);
  });

  it.each([
    "GPU 2 is degraded (gpu_degraded); the other GPUs are healthy.",
    "Verdict: GPU degraded. GPU 0 is fine.",
    "GPU 2 needs attention.",
    "",
  ])("says nothing of: %s", (text) => {
    expect(contradictions(text, faulty)).toEqual([]);
  });

  it("notes a fault that the engine does not find", () => {
    expect(contradictions("GPU 1 has failed and must be replaced.", healthy)).toHaveLength(1);
    expect(contradictions("No GPU has failed.", healthy)).toEqual([]);
  });

  it.each([
    ["Reboot the node now.", "REBOOT_NODE"],
    ["First power-cycle the host.", "REBOOT_NODE"],
    ["Then reset the GPU.", "RESET_GPU"],
    ["Run `nvidia-smi --gpu-reset -i 2`.", "RESET_GPU"],
    ["Run a full diagnostic.", "RUN_DIAG"],
  ])("notes a forbidden action: %s", (text, action) => {
    expect(contradictions(text, faulty)).toEqual([expect.stringContaining(action)]);
  });

  it.each(["Do not reboot the node.", "Never reset the GPU here.", "Drain the job without rebooting."])(
    "takes a warning as what it is: %s",
    (text) => {
      expect(contradictions(text, faulty)).toEqual([]);
    },
  );
});
