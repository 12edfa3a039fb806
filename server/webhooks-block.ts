import { validateHeaderName } from "node:http";

import { z } from "zod";

import { SIGNATURE_HEADER } from "../lib/body-signature.ts";
import { closed } from "./http-block.ts";

const DEFAULT_PREFIX = "LG_WEBHOOK_";
/** What the connection needs for itself. */
const FRAMING = [
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** An `allowed_domains` entry, its host as URLs have it; undefined for what is no host, with `*.` before it or without. */
export function readDomain(entry: string): string | undefined {
  const [, wildcard = "", host = ""] = /^(\*\.)?(\[[^\]]*\]|[^*:/\\?#@\s]+)$/.exec(entry) ?? [];
  return URL.canParse(`http://${host}`) ? wildcard + withoutDot(new URL(`http://${host}`).hostname) : undefined;
}

/** A host name may end with the dot of the root, which changes nothing. */
export function withoutDot(hostname: string): string {
  return hostname.replace(/\.$/, "");
}

/** Which URLs runs and crons may name as their webhooks. */
const UrlBlock = closed({
  require_https: z.boolean().nullish(),
  allowed_domains: z
    .array(
      z.string().refine((entry) => readDomain(entry) !== undefined, {
        error: 'must be a host such as "hooks.example.com", or "*.example.com" for all below one, without a port',
      }),
    )
    .nullish(),
  allowed_ports: z.array(z.number().int().min(1).max(65_535)).nullish(),
  max_url_length: z.number().int().min(1).nullish(),
  /** About webhooks that are paths of this server, which are never taken. */
  disable_loopback: z.boolean().nullish(),
});

/** The `webhooks` block of `langgraph.json`. */
export const WebhooksBlock = closed({
  env_prefix: z.string().min(1, "must not be empty: it says which variables headers may send").nullish(),
  url: UrlBlock.nullish(),
  headers: z.record(z.string(), z.string()).nullish(),
}).superRefine(({ env_prefix: prefix, headers }, context) => {
  const names = new Set<string>();
  for (const [name, template] of Object.entries(headers ?? {})) {
    const isRepeated = names.has(name.toLowerCase());
    names.add(name.toLowerCase());
    const problem = isRepeated
      ? "is there twice"
      : (problemOfName(name) ?? problemOfTemplate(template, prefix ?? DEFAULT_PREFIX));
    if (problem !== undefined) context.addIssue({ code: "custom", path: ["headers", name], message: problem });
  }
});
export type WebhooksBlock = z.infer<typeof WebhooksBlock>;

function problemOfName(name: string): string | undefined {
  try {
    validateHeaderName(name);
  } catch {
    return "is not the name of a header";
  }
  if (FRAMING.includes(name.toLowerCase())) return "belongs to the connection and cannot be set";
  if (name.toLowerCase() === SIGNATURE_HEADER) return "is the signature, which WEBHOOK_SECRET gives";
  return undefined;
}

function problemOfTemplate(template: string, prefix: string): string | undefined {
  for (const { text, variable } of readTemplate(template)) {
    if (text.includes("${{")) return "holds a ${{ that begins no ${{ env.NAME }}";
    if (variable?.startsWith(prefix) === false) {
      return `names the variable ${variable}; only those that begin with ${prefix} may be sent (webhooks.env_prefix)`;
    }
  }
  return undefined;
}

/** The value of a header in parts: plain text, each with the variable that follows it as `${{ env.NAME }}`, if one does. */
export function readTemplate(template: string): readonly { readonly text: string; readonly variable?: string }[] {
  // Texts and names take turns.
  const pieces = template.split(/\$\{\{\s*env\.(\w+)\s*\}\}/);
  return pieces.flatMap((text, index) => {
    const variable = pieces[index + 1];
    return index % 2 === 1 ? [] : [variable === undefined ? { text } : { text, variable }];
  });
}
