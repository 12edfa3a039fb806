import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { fillSection, renderEnvExample, renderErrorTable, renderSettingsTables } from "../lib/generated-docs.ts";
import { renderToolTable } from "../tools/tool-docs.ts";

/** Brings the lists in the documents up to the code; run by `npm run docs`. A test fails when it was forgotten. */
const root = path.resolve(import.meta.dirname, "..");
const update = (file: string, change: (text: string) => string): void => {
  const target = path.join(root, file);
  writeFileSync(target, change(readFileSync(target, "utf8")));
};

writeFileSync(path.join(root, ".env.example"), renderEnvExample());
update("README.md", (text) => fillSection(text, "settings", renderSettingsTables()));
update("ARCHITECTURE.md", (text) =>
  fillSection(fillSection(text, "errors", renderErrorTable()), "tools", renderToolTable()),
);
