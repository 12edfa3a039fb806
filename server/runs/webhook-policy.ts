import { validateHeaderValue } from "node:http";

import { readEnvironmentVariable } from "../../lib/config.ts";
import { Secret } from "../../lib/secret.ts";
import { GraphConfigError, type LanggraphConfig } from "../graph-registry.ts";
import { readDomain, readTemplate, withoutDot } from "../webhooks-block.ts";

/** What the operator says about the webhooks of runs and crons. */
export interface WebhookPolicy {
  readonly isHttpsRequired: boolean;
  /** Hosts as URLs have them, or `*.` and one for all below it. Empty for any. */
  readonly domains: readonly string[];
  /** Empty for any. */
  readonly ports: readonly number[];
  /** Characters of a URL. */
  readonly maxLength: number;
  /** Sent with every webhook; names in lower case. */
  readonly headers: ReadonlyMap<string, Secret>;
}

/** Without a `webhooks` block. */
export const OPEN_POLICY: WebhookPolicy = {
  isHttpsRequired: false,
  domains: [],
  ports: [],
  maxLength: Number.POSITIVE_INFINITY,
  headers: new Map(),
};

/**
 * What the `webhooks` block of `langgraph.json` asks for, with variables from the environment, or else from the `env` block.
 * Throws GraphConfigError that names the header and the variable that is not set; values are never shown.
 */
export function openWebhookPolicy({ file, env, webhooks }: LanggraphConfig): WebhookPolicy {
  const { url, headers } = webhooks;
  const resolve = (name: string, template: string): Secret => {
    const value = readTemplate(template)
      .map(({ text, variable }) => {
        if (variable === undefined) return text;
        const found = readEnvironmentVariable(variable) ?? env[variable]?.trim() ?? "";
        if (found === "") throw new GraphConfigError(`${file}: webhooks.headers.${name}: ${variable} is not set`);
        return text + found;
      })
      .join("");
    try {
      validateHeaderValue(name, value);
    } catch {
      throw new GraphConfigError(
        `${file}: webhooks.headers.${name}: the value holds characters that no header may have`,
      );
    }
    return new Secret(value);
  };
  return {
    isHttpsRequired: url?.require_https ?? false,
    domains: (url?.allowed_domains ?? []).flatMap((entry) => readDomain(entry) ?? []),
    ports: url?.allowed_ports ?? [],
    maxLength: url?.max_url_length ?? Number.POSITIVE_INFINITY,
    headers: new Map(
      Object.entries(headers ?? {}).map(([name, template]) => [name.toLowerCase(), resolve(name, template)]),
    ),
  };
}

/** Throws with the key that forbids the URL. Names its host at most, because the paths of webhooks are secrets. */
export function checkPolicy(url: URL, { isHttpsRequired, domains, ports }: WebhookPolicy): void {
  if (isHttpsRequired && url.protocol !== "https:") throw new Error("must be https here (webhooks.url.require_https)");
  const host = withoutDot(url.hostname);
  const isAllowed = (domain: string): boolean =>
    domain.startsWith("*.") ? host.endsWith(domain.slice(1)) : host === domain;
  if (domains.length > 0 && !domains.some(isAllowed)) {
    throw new Error(`may not go to ${host}, only to ${domains.join(", ")} (webhooks.url.allowed_domains)`);
  }
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  if (ports.length > 0 && !ports.includes(port)) {
    throw new Error(`may not go to port ${port}, only to ${ports.join(", ")} (webhooks.url.allowed_ports)`);
  }
}
