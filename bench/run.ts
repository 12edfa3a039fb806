import { cpus, totalmem } from "node:os";

import { benchAgentHttp } from "./agent-http.ts";
import { benchAgent } from "./agent.ts";
import { benchBriefParse } from "./brief-parse.ts";
import { benchBrief } from "./brief.ts";
import { COMPARE_SIZES, benchCompare } from "./compare.ts";
import { benchDataLlm } from "./data-llm.ts";
import { benchDataSamplers } from "./data-samplers.ts";
import { benchDataGenerate } from "./data-generate.ts";
import { benchDatasetRows } from "./dataset-rows.ts";
import { CLIENT_SIZES, benchGrowthClients } from "./growth-clients.ts";
import { LENGTH_SIZES, benchGrowthLength } from "./growth-length.ts";
import { STORED_SIZES, benchGrowthStored } from "./growth-stored.ts";
import { READER_SIZES, benchIdleReaders } from "./idle-readers.ts";
import { benchIncidentSearch } from "./incident-search.ts";
import { benchLogParsing } from "./log-parsing.ts";
import { PROFILE_SIZES, benchProfile } from "./profile.ts";
import { REPLICA_SIZES, benchReplicas } from "./replicas.ts";
import type { BenchRow } from "./row.ts";
import { benchServer } from "./server.ts";
import { benchSoak } from "./soak.ts";
import { benchSmiXml } from "./smi-xml.ts";
import { type Flags, type SizeChoice, type Sizes, chooseSizes, readArguments } from "./support/sizes.ts";
import { type BenchTable, formatTable, formatValue } from "./support/table.ts";
import { benchTemplates } from "./templates.ts";
import { benchThreadGrowth } from "./thread-growth.ts";
import { TOKEN_SIZES, benchTokenStreams } from "./token-streams.ts";
import { benchToolCall } from "./tool-call.ts";
import { benchTriageCli } from "./triage-cli.ts";

type Result = readonly (BenchRow | BenchTable)[];

interface Benchmark {
  readonly name: string;
  /** The sizes that flags may change. */
  readonly sizes: Sizes;
  readonly run: (flags: Flags) => Promise<Result>;
}

const sized = <Chosen extends Sizes>(
  name: string,
  sizes: SizeChoice<Chosen>,
  run: (sizes: Chosen) => Promise<Result>,
): Benchmark => ({ name, sizes: sizes.full, run: (flags) => run(chooseSizes(sizes, flags)) });
const fixed = (name: string, run: () => Promise<Result>): Benchmark => ({ name, sizes: {}, run: () => run() });

/**
 * All measurements, in the order they run. `npm run bench -- log xml` runs those whose name contains a word; `--quick` and
 * flags such as `--streams 8` make those smaller that take sizes.
 */
const BENCHMARKS: readonly Benchmark[] = [
  fixed("log-parsing", benchLogParsing),
  fixed("smi-xml", benchSmiXml),
  fixed("triage-cli", benchTriageCli),
  fixed("data-samplers", benchDataSamplers),
  fixed("templates", benchTemplates),
  fixed("incident-search", benchIncidentSearch),
  fixed("tool-call", benchToolCall),
  fixed("agent", benchAgent),
  fixed("agent-http", benchAgentHttp),
  fixed("server", benchServer),
  sized("token-streams", TOKEN_SIZES, benchTokenStreams),
  sized("idle-readers", READER_SIZES, benchIdleReaders),
  sized("growth-stored", STORED_SIZES, benchGrowthStored),
  sized("growth-length", LENGTH_SIZES, benchGrowthLength),
  sized("growth-clients", CLIENT_SIZES, benchGrowthClients),
  sized("profile", PROFILE_SIZES, benchProfile),
  sized("replicas", REPLICA_SIZES, benchReplicas),
  sized("compare", COMPARE_SIZES, benchCompare),
  fixed("soak", () => benchSoak()),
  fixed("data-generate", benchDataGenerate),
  fixed("data-llm", benchDataLlm),
  fixed("dataset-rows", benchDatasetRows),
  fixed("brief-parse", () => Promise.resolve(benchBriefParse())),
  fixed("brief", benchBrief),
  fixed("thread-growth", benchThreadGrowth),
];

const { words, flags } = readArguments(process.argv.slice(2));
const chosen = BENCHMARKS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const unknown = Object.keys(flags).filter((flag) => flag !== "quick" && chosen.every(({ sizes }) => !(flag in sizes)));
if (unknown.length > 0 || chosen.length === 0) {
  const takes = chosen.flatMap(({ name, sizes }) => Object.keys(sizes).map((size) => `${name} --${size}`));
  process.stderr.write(
    `${chosen.length === 0 ? `there are ${BENCHMARKS.map(({ name }) => name).join(", ")}` : `no --${unknown.join(", --")}; there are ${["--quick", ...takes].join(", ")}`}\n`,
  );
  process.exit(2);
}
const [cpu] = cpus();
process.stdout.write(
  `${cpus().length} x ${cpu?.model ?? "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}; figures are medians\n`,
);
for (const { run } of chosen) {
  for (const result of await run(flags)) process.stdout.write(`${format(result)}\n`);
}

function format(result: BenchRow | BenchTable): string {
  if ("rows" in result) return formatTable(result);
  const { what, size, figure, unit, budget } = result;
  return `${what}: ${formatValue(figure)} ${unit}${budget ? ` (budget ${budget})` : ""}; ${size}`;
}
