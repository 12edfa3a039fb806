import { z } from "zod";

import { CODE_LANGUAGES } from "../../engine/data/design/columns.ts";
import { choiceField } from "./design-tools/fields.ts";
import { defineLlmTool, LLM_FIELDS } from "./design-tools/llm-tool.ts";

export const codeLangField = choiceField(CODE_LANGUAGES, "Language of the code", {
  py: "python",
  js: "javascript",
  ts: "typescript",
  shell: "bash",
  sh: "bash",
  golang: "go",
  "c++": "cpp",
  "c#": "csharp",
  sql: "sql:ansi",
  sqlite: "sql:sqlite",
  mysql: "sql:mysql",
  postgres: "sql:postgres",
  postgresql: "sql:postgres",
  bigquery: "sql:bigquery",
  tsql: "sql:tsql",
});

export const addLlmCodeColumn = defineLlmTool({
  name: "add_llm_code_column",
  title: "Add a column of written code",
  description: "Add a column of code that a language model writes for each row from a prompt over other columns.",
  example: { name: "solution", code_lang: "python", prompt: "Write a Python function that solves: {{ task }}" },
  input: z.object({ ...LLM_FIELDS, code_lang: codeLangField }),
  column: (fields) => ({ column_type: "llm-code", ...fields }),
});
