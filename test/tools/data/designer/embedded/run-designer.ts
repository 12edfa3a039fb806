// Run as a process of its own: opens the designer of a home and works on its jobs until the input ends. Arguments: home, jobs to
// create, rows of each, seed. Writes one line with the ids, then one for each job that has ended.
import { once } from "node:events";

import { hasEnded } from "../../../../../tools/data/designer/designer.ts";
import { createEmbeddedDesigner } from "../../../../../tools/data/designer/embedded/embedded-designer.ts";
import { CONFIG } from "../../../../contracts/data-designer-config.ts";
import { designerOptions } from "./designer-options.ts";

const [home = "", jobs = "0", rows = "1", seed = "1"] = process.argv.slice(2);
const designer = createEmbeddedDesigner(designerOptions(home));
const ids: string[] = [];
for (let at = 0; at < Number(jobs); at += 1) {
  const request = { config: CONFIG, numRecords: Number(rows), seed: Number(seed), rowGroupSize: 10 };
  ids.push((await designer.createJob(request)).id);
}
console.log(JSON.stringify(ids));
const closing = new AbortController();
process.stdin.resume().once("end", () => closing.abort());
for (const id of ids) {
  let job = await designer.job(id);
  while (!hasEnded(job.status) && !closing.signal.aborted) {
    const { version } = job.progress;
    const change = designer.waitForChange(id, { version, timeoutMs: 60_000, signal: closing.signal });
    job = await change.catch(() => job);
    if (job.status === "active" && (job.progress.rows ?? 0) > 0)
      console.log(JSON.stringify({ id, rows: job.progress.rows }));
  }
  console.log(JSON.stringify({ id, status: job.status }));
}
// Until then it may work on the jobs of other processes.
if (!closing.signal.aborted) await once(closing.signal, "abort");
await designer.close();
process.stdin.destroy();
