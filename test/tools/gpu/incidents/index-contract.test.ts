import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { ChromaClient } from "chromadb";
import { describe } from "vitest";

import { loadConfig } from "../../../../lib/config.ts";
import { createLog } from "../../../../lib/log.ts";
import { createIncidentIndex } from "../../../../tools/gpu/incidents/create-index.ts";
import { type OpenedIndex, describeIncidentIndex } from "../../../contracts/incident-index.ts";

const log = createLog({ level: "silent" });

async function openIndex(environment: NodeJS.ProcessEnv, drop: () => Promise<void>): Promise<OpenedIndex> {
  const home = mkdtempSync(path.join(tmpdir(), "nemops-incidents-"));
  const config = loadConfig(environment).incidents;
  let index = await createIncidentIndex({ config, home, log });
  return {
    index,
    async reopen() {
      await index.close();
      index = await createIncidentIndex({ config, home, log });
      return index;
    },
    async cleanUp() {
      await index.close();
      await drop();
      rmSync(home, { recursive: true });
    },
  };
}

describeIncidentIndex("embedded", () => openIndex({}, async () => {}));

// Needs a Chroma server; .ci/run starts a real one and names it here.
const chromaUrl = process.env["TEST_CHROMA_URL"];

describe.runIf(chromaUrl)("with a Chroma server", () => {
  let collections = 0;
  describeIncidentIndex("chroma", () => {
    collections += 1;
    const name = `test_incidents_${process.pid}_${collections}`;
    const { hostname, port } = new URL(chromaUrl ?? "");
    return openIndex({ CHROMA_URL: chromaUrl, CHROMA_COLLECTION: name }, async () => {
      await new ChromaClient({ host: hostname, port: Number(port) }).deleteCollection({ name }).catch(() => {});
    });
  });
});
