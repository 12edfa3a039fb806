import { ServiceError } from "../../../lib/errors.ts";
import type { ColumnPlan } from "../design/column-plan.ts";
import type { Design, SamplerColumn } from "../design/design.ts";
import type { SamplerParams, SamplerType } from "../design/sampler-params.ts";
import { randomKey } from "../random.ts";
import type { ColumnData, RowRange, Table } from "../table.ts";
import { type ColumnProgram, drawNumbers, fillValues } from "./column.ts";
import { compileRowCondition } from "./conditions.ts";
import { compileSampler, type SamplerResources } from "./index.ts";
import { NO_PERSONS } from "./person-library.ts";
import type { PersonLibrary } from "./person-library.ts";
import { type DrawnColumn, isNumberSampler, type NumberSampler, type Sampler, type ValueSampler } from "./sampler.ts";

export interface CompileSamplersOptions {
  readonly design: Design;
  readonly plan: ColumnPlan;
  readonly seed: number | string;
  /** From `loadPersonLibrary`; only a design with person columns needs it. */
  readonly persons?: PersonLibrary;
}

export interface SamplerGroup {
  /** The sampler columns of some rows, in the order of the dataset. Throws ServiceError `invalid_input`. */
  generate(range: RowRange): Table;
}

/**
 * All sampler columns of a design as one function of the rows. Rows depend on the seed, the column's name and the row's
 * number only: any division into ranges gives the same rows. Throws ServiceError `invalid_input` with the column's name
 * when parameters, a condition or a conversion cannot be used.
 */
export function compileSamplers({ design, plan, seed, persons = NO_PERSONS }: CompileSamplersOptions): SamplerGroup {
  const programs = plan.samplers.map((name) => {
    const column = plan.columns.get(name);
    if (column?.column_type !== "sampler")
      throw new Error(`the plan lists "${name}" as a sampler, the design does not`);
    const constraints = (design.constraints ?? []).filter((constraint) => constraint.target_column === name);
    return naming(name, () => compileColumn(column, { constraints, seed, persons }));
  });
  const order = [...plan.columns.keys()];
  return {
    generate(range) {
      const drawn = new Map<string, DrawnColumn>();
      const columns = new Map<string, ColumnData>();
      for (const program of programs) {
        naming(program.name, () => {
          if (isNumberProgram(program)) {
            const result = drawNumbers(program, range, drawn, columns);
            drawn.set(program.name, result.drawn);
            columns.set(program.name, result.column);
          } else {
            columns.set(program.name, fillValues(program, range, columns));
          }
        });
      }
      const ordered = order.flatMap((name) => {
        const column = columns.get(name);
        return column === undefined ? [] : [[name, column] as const];
      });
      return { rowCount: range.rowCount, columns: new Map(ordered) };
    },
  };
}

type Program = ColumnProgram<NumberSampler> | ColumnProgram<ValueSampler>;

function isNumberProgram(program: Program): program is ColumnProgram<NumberSampler> {
  return isNumberSampler(program.variants[0]);
}

interface CompileColumnOptions extends SamplerResources {
  readonly constraints: ColumnProgram<Sampler>["constraints"];
  readonly seed: number | string;
}

function compileColumn(column: SamplerColumn, { constraints, seed, persons }: CompileColumnOptions): Program {
  const { name, sampler_type: type } = column;
  const compile = (params: SamplerParams) => compileTyped(type, params, { persons });
  const first = compile(column.params);
  const common = {
    name,
    key: randomKey(seed, name),
    conditions: Object.keys(column.conditional_params).map(compileRowCondition),
    constraints,
    convertTo: column.convert_to,
  };
  const others = Object.values(column.conditional_params).map(compile);
  if (isNumberSampler(first)) return { ...common, variants: [first, ...others.filter(isNumberSampler)] };
  if (constraints.length > 0) {
    throw new ServiceError("invalid_input", `a ${type} column has no order, so it cannot have a constraint`);
  }
  return { ...common, variants: [first, ...others.filter((sampler) => !isNumberSampler(sampler))] };
}

/** The design's schema has tied the parameters to the type; TypeScript cannot follow that through a union. */
function compileTyped(type: SamplerType, params: SamplerParams, resources: SamplerResources): Sampler {
  return compileSampler(type, params as never, resources);
}

/** Puts the column's name before the message of an expected failure that does not have it. */
function naming<Result>(name: string, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ServiceError) || error.message.startsWith(`column "${name}"`)) throw error;
    throw new ServiceError(error.code, `column "${name}": ${error.message}`, {
      cause: error,
      problems: error.problems,
      data: error.data,
    });
  }
}
