import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { describe, expect, it } from "vitest";

import { fillSection, renderEnvExample, renderErrorTable, renderSettingsTables } from "../lib/generated-docs.ts";
import { renderToolTable } from "../tools/tool-docs.ts";

const root = path.resolve(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

/** Which top-level folders a folder may import from, besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  lib: ["package.json"],
  seeds: [],
  engine: ["lib", "seeds"],
  tools: ["engine", "lib", "seeds"],
  mcp: ["tools", "engine", "lib"],
  graphs: ["mcp", "engine", "lib", "seeds"],
  server: ["graphs", "mcp", "tools", "engine", "lib"],
  cli: ["server", "graphs", "mcp", "tools", "engine", "lib", "package.json"],
};

function sourceFiles(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(?:ts|mts|js|mjs)$/.test(file))
    .map((file) => path.join(folder, file));
}

function importsOf(file: string): string[] {
  const pattern =
    /(?:^|\s)(?:import|export)\s[^;]*?from\s+"([^"]+)"|(?:^|[^\w.])import\(\s*"([^"]+)"|^import\s+"([^"]+)"/gm;
  return [...read(file).matchAll(pattern)].flatMap((match) => match[1] ?? match[2] ?? match[3] ?? []);
}

const files = Object.keys(MAY_IMPORT).flatMap((folder) => (folder === "seeds" ? [] : sourceFiles(folder)));

describe("imports", () => {
  it("go one way: server to graphs to mcp to tools to engine, and everything to lib", () => {
    const wrong: string[] = [];
    for (const file of files) {
      const own = file.split(path.sep)[0] ?? "";
      for (const target of importsOf(file).filter((name) => name.startsWith("."))) {
        const to = path.relative(root, path.resolve(root, path.dirname(file), target)).split(path.sep)[0] ?? "";
        if (to !== own && !MAY_IMPORT[own]?.includes(to)) wrong.push(`${file} imports ${target}`);
      }
    }
    expect(files.length).toBeGreaterThan(80);
    expect(wrong).toEqual([]);
  });

  it("of graphs into mcp reach the client only", () => {
    const wrong = sourceFiles("graphs").filter((file) => importsOf(file).some((name) => name.includes("mcp/server")));
    expect(wrong).toEqual([]);
  });

  it("of the engine name no network, file, process, clock or framework", () => {
    const allowed = /^(?:zod|saxes|yaml|jsonrepair|@faker-js\/faker)(?:\/|$)/;
    const wrong: string[] = [];
    for (const file of sourceFiles("engine")) {
      for (const name of importsOf(file))
        if (!name.startsWith(".") && !allowed.test(name)) wrong.push(`${file}: ${name}`);
      const code = withoutComments(read(file));
      for (const forbidden of ["Date.now(", "Math.random(", "fetch(", "new Date()", "performance.now("]) {
        if (code.includes(forbidden)) wrong.push(`${file}: ${forbidden}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe("the environment", () => {
  it("is read in lib/config.ts only", () => {
    const readers = files.filter((file) => withoutComments(read(file)).includes("process.env"));
    expect(readers).toEqual(["lib/config.ts"]);
  });
});

describe("documents", () => {
  it("list every setting as the code has it", () => {
    expect(read(".env.example")).toBe(renderEnvExample());
    expect(read("README.md")).toBe(fillSection(read("README.md"), "settings", renderSettingsTables()));
  });

  it("list every error code as the code has it", () => {
    expect(read("ARCHITECTURE.md")).toBe(fillSection(read("ARCHITECTURE.md"), "errors", renderErrorTable()));
  });

  it("list every tool as the code has it", () => {
    expect(read("ARCHITECTURE.md")).toBe(fillSection(read("ARCHITECTURE.md"), "tools", renderToolTable()));
  });

  it("name every dependency and what it is for", () => {
    const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
    const architecture = read("ARCHITECTURE.md");
    expect(Object.keys(dependencies).filter((name) => !architecture.includes(`\`${name}\``))).toEqual([]);
  });
});

describe("the repository", () => {
  it("names no machine path and no registry host", () => {
    const texts = [
      "README.md",
      "ARCHITECTURE.md",
      "CONTRIBUTING.md",
      "CHANGELOG.md",
      "SECURITY.md",
      "package-lock.json",
      ...files,
    ];
    const pattern = /(?:^|[^\w.])\/(?:work|root|farm)\/|registry\.npmjs|deb\.debian/;
    expect(texts.filter((file) => pattern.test(read(file)))).toEqual([]);
  });
});

/** The code without comments, good enough for finding calls: strings that hold comment signs do not occur with them. */
function withoutComments(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "$1");
}
