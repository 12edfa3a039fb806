import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { startJsonServer } from "../support/validator-server.ts";
import { runCli } from "./run-cli.ts";

const design = (url: string): string => `
columns:
  - {column_type: sampler, name: n, sampler_type: category, params: {values: [1, 2]}}
  - {column_type: expression, name: code, expr: "x = {{ n }}", dtype: str}
  - {column_type: validation, name: parsed, target_columns: [code], validator_type: code, validator_params: {code_lang: python}}
  - {column_type: validation, name: judged, target_columns: [n], validator_type: remote, validator_params: {endpoint_url: "${url}"}}
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "nemops-validation-"));
});

function file(url: string): string {
  const target = path.join(folder, "design.yaml");
  writeFileSync(target, design(url));
  return target;
}

describe("nemops dataset with validators", () => {
  it("validates the design and makes its rows when private addresses are allowed", async () => {
    const server = await startJsonServer(({ data }: { data: { n: number }[] }) => ({
      body: { data: data.map(({ n }) => ({ is_valid: n === 2 })) },
    }));
    const source = file(`${server.url}/check`);
    const validated = await runCli(["dataset", "validate", source]);
    expect([validated.code, validated.stdout]).toEqual([0, expect.stringContaining("valid; 4 columns")]);
    const output = path.join(folder, "rows.jsonl");
    const { code } = await runCli(["dataset", "create", source, "-n", "30", "-o", output], {
      env: { OUTBOUND_ALLOW_PRIVATE: "1" },
    });
    expect(code).toBe(0);
    const rows = readFileSync(output, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows).toHaveLength(30);
    for (const row of rows) {
      expect(row).toMatchObject({ parsed: { is_valid: true }, judged: { is_valid: row["n"] === 2 } });
    }
    await server.close();
  });

  it.each(["preview", "create"])("%s refuses a validator on a private address, and asks nobody", async (command) => {
    const server = await startJsonServer(() => ({ body: { data: [] } }));
    const output = path.join(folder, "rows.jsonl");
    const more = command === "create" ? ["-o", output] : [];
    const { code, stderr } = await runCli(["dataset", command, file(`${server.url}/check`), "-n", "3", ...more]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/column "judged": endpoint_url: 127\.0\.0\.1:\d+ is at 127\.0\.0\.1, which is not a public/);
    expect([server.requests.length, existsSync(output)]).toEqual([0, false]);
    await server.close();
  });
});
