import { allResults, latestAssessment, latestResult, primaryFinding } from "../find-results.ts";
import { DiagnosticResultWire, HealthCheckResult } from "../results.ts";
import { testForComponent } from "./diagnosis.ts";
import type { TestName } from "./mentions.ts";
import { describeDiagnostic } from "./text-lookups.ts";
import { listWords, sentence } from "./text-words.ts";
import { type Flow, callTools, say } from "./turn.ts";
import { type PolicyView, wasCalled } from "./view.ts";

const TESTS: readonly TestName[] = [
  "memory_stress",
  "compute_stress",
  "nvlink_check",
  "pcie_bandwidth",
  "thermal_profile",
];
const TESTS_TEXT = `Tests are ${listWords(TESTS)}.`;

/** Most tests one question may start, so that "all GPUs" of a large node does not load it for an hour. */
const MAX_RUNS = 8;

/**
 * Runs what is named. A long test, and a test nobody named, come after a look at the health: the one because load
 * on a sick GPU does harm, the other because the look says which test fits.
 */
export const diagnosticFlow: Flow = (view) => {
  const { intent } = view;
  if (intent.kind !== "run_diagnostic") return say();
  if (!wasCalled(view, "run_diagnostic")) {
    const needsLook = intent.mode === "full" || intent.test === undefined || intent.isEveryGpu === true;
    if (needsLook && !wasCalled(view, "gpu_health_check")) {
      return callTools(["gpu_health_check", { node: intent.node }]);
    }
    const assessment = latestAssessment(view.done)?.assessment;
    const health = latestResult(view.done, "gpu_health_check", HealthCheckResult);
    const component = assessment && primaryFinding(assessment)?.component;
    const test = intent.test ?? testForComponent(component) ?? "memory_stress";
    const suspect = assessment?.gpus[0] ?? health?.gpus[0]?.gpu_id;
    const everyGpu = intent.isEveryGpu === true ? (health?.gpus.map((gpu) => gpu.gpu_id) ?? []) : [];
    const named = intent.gpuIds.length > 0 ? intent.gpuIds : everyGpu;
    const gpuIds = named.length > 0 ? named : [suspect];
    const { mode, node } = intent;
    return callTools(
      ...gpuIds
        .slice(0, MAX_RUNS)
        .map((gpu) => ["run_diagnostic", { test_name: test, gpu_id: gpu, mode, node }] as const),
    );
  }
  const results = allResults(view.done, "run_diagnostic", DiagnosticResultWire);
  const failures = view.done.filter((exchange) => exchange.name === "run_diagnostic" && exchange.isError);
  return say(
    ...results.map(describeDiagnostic),
    ...failures.map((failure) => `Not run: ${sentence(failure.text)}`),
    wereLeftOut(view, results.length + failures.length)
      ? `Only ${MAX_RUNS} tests are started by one question; name the other GPUs to test them too.`
      : undefined,
    intent.test === undefined ? `No test was named, so one was chosen. ${TESTS_TEXT}` : undefined,
  );
};

function wereLeftOut({ intent, done }: PolicyView, runs: number): boolean {
  if (intent.kind !== "run_diagnostic" || runs < MAX_RUNS) return false;
  const known = latestResult(done, "gpu_health_check", HealthCheckResult)?.gpus.length ?? 0;
  return intent.gpuIds.length > runs || (intent.isEveryGpu === true && known > runs);
}

export const unknownTestFlow: Flow = ({ intent }) =>
  say(
    intent.kind === "unknown_test"
      ? `There is no test named "${intent.name}"; nothing was run. ${TESTS_TEXT}`
      : undefined,
  );
