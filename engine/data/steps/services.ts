import type { JsonSchema } from "../llm/json-schema.ts";
import type { SyntaxCheck } from "../validators/syntax-check.ts";
import type { EmbeddingOpener } from "./embedding.ts";
import type { ModelOpener } from "./model-cells.ts";
import type { ValidatorOpener } from "./validation.ts";

/** A tool as a model is told of it; `parameters` is a JSON Schema. */
export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
}

/** Calls tools of MCP servers by the names of their servers. Both reject when the server cannot be reached. */
export interface ToolCaller {
  listTools(server: string, signal?: AbortSignal): Promise<readonly ToolDescription[]>;
  /** The answer as text; `isError` when the tool itself says that it failed. */
  callTool(call: {
    readonly server: string;
    readonly name: string;
    readonly args: JsonSchema;
    readonly signal: AbortSignal;
  }): Promise<{ readonly text: string; readonly isError: boolean }>;
}

/** What generation asks outside of the engine. */
export interface GeneratorServices {
  /** Without it the offline text model writes the columns of models. */
  readonly models?: ModelOpener | undefined;
  readonly tools?: ToolCaller;
  /** Without it a design with remote validators is refused. */
  readonly validators?: ValidatorOpener;
  /** Without it a design with embedding columns is refused. */
  readonly embeddings?: EmbeddingOpener;
  /** A parser for code in some languages; where it answers undefined the engine looks at the tokens. Never throws. */
  readonly parseCode?: (code: string, language: string) => SyntaxCheck | undefined;
}
