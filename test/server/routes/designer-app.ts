import { systemClock } from "../../../lib/clock.ts";
import { loadConfig } from "../../../lib/config.ts";
import { createLog } from "../../../lib/log.ts";
import { systemRandom } from "../../../lib/random.ts";
import { dataDesignerRoutes } from "../../../server/routes/data-designer.ts";
import { datasetRoutes } from "../../../server/routes/datasets.ts";
import { createDataToolContext } from "../../../tools/data/create-context.ts";
import { createDatasetReader } from "../../../tools/data/datasets/reader.ts";
import type { DataDesigner } from "../../../tools/data/designer/designer.ts";
import { type TestApp, createTempFolder, startTestApp } from "../../support/test-app.ts";

export interface DesignerApp extends TestApp {
  readonly designer: DataDesigner;
  readonly home: string;
}

/** The service with the built-in engine in a folder of its own, removed at the end. */
export async function startDesignerApp(
  settings: { readonly isListening?: boolean; readonly heartbeatMs?: number } = {},
): Promise<DesignerApp> {
  const { isListening = false, heartbeatMs = 5_000 } = settings;
  const folder = createTempFolder();
  const config = loadConfig({ NEMOPS_HOME: folder.path, LLM_PROVIDER: "offline" });
  const log = createLog({ level: "silent" });
  const context = await createDataToolContext({ config, clock: systemClock, random: systemRandom, log });
  const { designer } = context;
  const reader = createDatasetReader({ designer, sqlTimeoutMs: 10_000, clock: systemClock });
  const shared = { designer, clock: systemClock, heartbeatMs };
  const app = await startTestApp({
    isListening,
    options: { plugins: [dataDesignerRoutes({ ...shared, log }), datasetRoutes({ ...shared, reader })] },
  });
  return {
    ...app,
    designer,
    home: folder.path,
    async close() {
      await app.close();
      await reader.close();
      await context.close();
      folder.remove();
    },
  };
}

export const ORDERS = {
  columns: [
    { column_type: "sampler", name: "id", sampler_type: "uuid", params: { short_form: true } },
    { column_type: "sampler", name: "kind", sampler_type: "category", params: { values: ["Ash", "Birch", "Oak"] } },
    { column_type: "sampler", name: "low", sampler_type: "uniform", params: { low: 0, high: 10 } },
    {
      column_type: "sampler",
      name: "high",
      sampler_type: "gaussian",
      params: { mean: 8, stddev: 4, decimal_places: 2 },
    },
    { column_type: "expression", name: "label", expr: "{{ kind | upper }}-{{ id }}" },
    { column_type: "llm-text", name: "note", prompt: "A short note about {{ kind }}.", model_alias: "m" },
  ],
  constraints: [{ constraint_type: "column_inequality", target_column: "high", operator: "gt", rhs: "low" }],
  model_configs: [{ alias: "m", model: "any", inference_parameters: { temperature: 0.5 } }],
};

/** Waits until a job has ended; answers its last status. */
export async function waitForJob({ designer }: DesignerApp, id: string): Promise<string> {
  const signal = AbortSignal.timeout(20_000);
  for await (const event of designer.events(id, { after: 0, signal })) void event;
  return (await designer.job(id)).status;
}
