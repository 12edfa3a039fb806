import { cpus, totalmem } from "node:os";

import { benchAgentHttp } from "./agent-http.ts";
import { benchAgent } from "./agent.ts";
import { benchBriefParse } from "./brief-parse.ts";
import { benchBrief } from "./brief.ts";
import { benchDataLlm } from "./data-llm.ts";
import { benchDataSamplers } from "./data-samplers.ts";
import { benchDataGenerate } from "./data-generate.ts";
import { benchDatasetRows } from "./dataset-rows.ts";
import { benchIncidentSearch } from "./incident-search.ts";
import { benchLogParsing } from "./log-parsing.ts";
import type { BenchRow } from "./row.ts";
import { benchServer } from "./server.ts";
import { benchSoak } from "./soak.ts";
import { benchSmiXml } from "./smi-xml.ts";
import { benchTemplates } from "./templates.ts";
import { benchThreadGrowth } from "./thread-growth.ts";
import { benchToolCall } from "./tool-call.ts";
import { benchTriageCli } from "./triage-cli.ts";

/** All measurements, in the order they run. `npm run bench -- log xml` runs those whose name contains a word. */
const BENCHMARKS: readonly { name: string; run: () => Promise<readonly BenchRow[]> }[] = [
  { name: "log-parsing", run: benchLogParsing },
  { name: "smi-xml", run: benchSmiXml },
  { name: "triage-cli", run: benchTriageCli },
  { name: "data-samplers", run: benchDataSamplers },
  { name: "templates", run: benchTemplates },
  { name: "incident-search", run: benchIncidentSearch },
  { name: "tool-call", run: benchToolCall },
  { name: "agent", run: benchAgent },
  { name: "agent-http", run: benchAgentHttp },
  { name: "server", run: benchServer },
  { name: "soak", run: () => benchSoak() },
  { name: "data-generate", run: benchDataGenerate },
  { name: "data-llm", run: benchDataLlm },
  { name: "dataset-rows", run: benchDatasetRows },
  { name: "brief-parse", run: () => Promise.resolve(benchBriefParse()) },
  { name: "brief", run: benchBrief },
  { name: "thread-growth", run: benchThreadGrowth },
];

const wanted = process.argv.slice(2);
const [cpu] = cpus();
process.stdout.write(
  `${cpus().length} x ${cpu?.model ?? "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}; figures are medians\n`,
);
for (const { name, run } of BENCHMARKS) {
  if (wanted.length > 0 && !wanted.some((word) => name.includes(word))) continue;
  for (const { what, size, figure, unit, budget } of await run()) {
    const shown = figure >= 100 ? Math.round(figure).toLocaleString("en-US") : figure.toPrecision(3);
    process.stdout.write(`${what}: ${shown} ${unit}${budget ? ` (budget ${budget})` : ""}; ${size}\n`);
  }
}
