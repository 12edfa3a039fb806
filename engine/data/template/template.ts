import { compileBody, type Renderer } from "./compile-body.ts";
import { Scope } from "./compile.ts";
import type { Template } from "./ast.ts";
import { renderError } from "./errors.ts";
import { explainEmpty } from "./explain-empty.ts";
import { parseTemplate } from "./parse.ts";
import { checkKnown, type Random, startRuntime, type TemplateOptions, type TemplateRecord } from "./record.ts";
import type { Runtime } from "./runtime.ts";
import { MAX_OUTPUT } from "./text.ts";

export { parseTemplate } from "./parse.ts";
export { compileCondition, compileSkip } from "./condition.ts";
export type { Template } from "./ast.ts";
export type { Random, TemplateOptions, TemplateRecord } from "./record.ts";

export interface CompiledTemplate {
  /** Names that the template takes from the record, in order of first use. */
  readonly variables: readonly string[];
  /**
   * The text for one record. Without `random` the filter `random` draws from the record's content, so that equal
   * records give equal texts. Throws ServiceError `invalid_input` with `data.kind` when the template fails on this
   * record (`TemplateRenderError`) or gives no text (`EmptyRenderedExpression`).
   */
  render(record: TemplateRecord, random?: Random): string;
}

/** Names that the record must provide, in order of first use. */
export function templateVariables(template: Template): readonly string[] {
  return template.variables;
}

/** Parses, checks and compiles a template. Throws ServiceError `invalid_input` with the position. */
export function compileTemplate(source: string, options: TemplateOptions = {}): CompiledTemplate {
  const template = parseTemplate(source);
  checkKnown(template, options);
  const { variables } = template;
  const scope = new Scope(variables);
  const body = compileBody(template.body, scope);
  const start = startRuntime(variables, options);
  return {
    variables,
    render(record, random) {
      const text = run(body, start(record, random));
      if (text === "") throw renderError(explainEmpty(template, record), "EmptyRenderedExpression");
      return text;
    },
  };
}

function run(body: Renderer, runtime: Runtime): string {
  const text = body(runtime);
  if (text.length > MAX_OUTPUT)
    throw renderError(`the output has ${text.length} characters; at most ${MAX_OUTPUT} are allowed`);
  return text;
}
