import { systemClock } from "../../../lib/clock.ts";
import { loadConfig } from "../../../lib/config.ts";
import { createLog } from "../../../lib/log.ts";
import { systemRandom } from "../../../lib/random.ts";
import { serveStdio } from "../../../mcp/server/serve.ts";

/** The data-designer server as a process, set by its environment. */
const config = loadConfig();
await serveStdio("data-designer", {
  config,
  clock: systemClock,
  random: systemRandom,
  log: createLog({ level: "info" }),
});
process.stderr.write("released\n");
