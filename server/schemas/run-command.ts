import { z } from "zod";

import { named } from "../openapi/names.ts";
import { JsonObject } from "./common.ts";

/** A node to go to, with its own input. RemoteGraph writes the input as `args`. */
const SendBody = named(
  "Send",
  z
    .looseObject({
      node: z.string().describe("Node to run."),
      input: z.unknown().optional().describe("What it gets in place of the state."),
      args: z.unknown().optional().describe("The same, as RemoteGraph spells it."),
    })
    .describe("A node with an input of its own."),
);
const Goto = z.union([z.string(), SendBody], { error: "must be a node name or {node, input}" });

const isEmpty = (value: object | string | null | undefined): boolean =>
  value == null || Object.keys(value).length === 0;

export const RunCommand = named(
  "Command",
  z
    .looseObject({
      resume: z
        .unknown()
        .optional()
        .describe("Answer to an interrupt; an object of answers by the id of the interrupt when there are several."),
      update: z
        .union([JsonObject, z.array(z.tuple([z.string(), z.unknown()]))], {
          error: "must be an object or a list of [key, value] pairs",
        })
        .nullish()
        .describe("Written into the state, as if a node had answered it."),
      goto: z
        .union([Goto, z.array(Goto)], { error: "must be a node name, {node, input} or a list of them" })
        .nullish()
        .describe("Where the graph goes on."),
    })
    // LangGraph would fail the run, and the thread with it.
    .refine(({ resume, update, goto }) => resume != null || !isEmpty(update) || !isEmpty(goto), {
      error: "must have a resume that is not null, or an update or a goto that is not empty",
    })
    .meta({
      description: "Answers an interrupt, changes the state or goes to a node.",
      examples: [{ resume: { decisions: [{ type: "approve" }] } }],
    }),
);
export type RunCommand = z.infer<typeof RunCommand>;
