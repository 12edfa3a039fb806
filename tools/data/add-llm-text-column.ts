import { z } from "zod";

import { defineLlmTool, LLM_FIELDS } from "./design-tools/llm-tool.ts";

export const addLlmTextColumn = defineLlmTool({
  name: "add_llm_text_column",
  title: "Add a column of written text",
  description: "Add a column of text that a language model writes for each row from a prompt over other columns.",
  example: { name: "review", prompt: "Write a short review of a {{ product }} rated {{ stars }} of 5." },
  input: z.object(LLM_FIELDS),
  column: (fields) => ({ column_type: "llm-text", ...fields }),
});
