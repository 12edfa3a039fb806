import { z } from "zod";

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

/** An object of these keys alone: a switch that is misspelt would leave open what it was to close. */
export function closed<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? `there is no ${issue.keys.join(", ")}; keys are ${known}` : undefined,
  });
}

/** The `cors` part: who may call from a browser. What is left out is as without it. */
export const CorsBlock = closed({
  allow_origins: z.array(z.string()).nullish(),
  allow_origin_regex: z.string().refine(isPattern, "is not a regular expression").nullish(),
  allow_methods: z.array(z.string()).nullish(),
  allow_headers: z.array(z.string()).nullish(),
  allow_credentials: z.boolean().nullish(),
  expose_headers: z.array(z.string()).nullish(),
  max_age: z.number().int().min(0).nullish(),
});
export type CorsBlock = z.infer<typeof CorsBlock>;

const Switch = z.boolean().nullish();

/** The `http` block of `langgraph.json`. */
export const HttpBlock = closed({
  /** `./file.ts:export` of routes of one's own. */
  app: z.string().min(1).nullish(),
  /** Whether they ask for a caller as the others do; they do unless this says no. */
  enable_custom_route_auth: Switch,
  disable_assistants: Switch,
  disable_threads: Switch,
  disable_runs: Switch,
  disable_store: Switch,
  disable_meta: Switch,
  disable_mcp: Switch,
  disable_a2a: Switch,
  disable_webhooks: Switch,
  cors: CorsBlock.nullish(),
  // Other servers know these, too.
  disable_ui: z.unknown().optional(),
  configurable_headers: z.unknown().optional(),
  logging_headers: z.unknown().optional(),
  middleware_order: z.unknown().optional(),
  mount_prefix: z.unknown().optional(),
});
export type HttpBlock = z.infer<typeof HttpBlock>;

/** The `auth` block of `langgraph.json`. */
export const AuthBlock = z.looseObject({
  path: z.string().min(1),
  disable_studio_auth: z.boolean().nullish(),
});
