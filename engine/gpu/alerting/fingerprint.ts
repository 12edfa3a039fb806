import { lookupXid } from "../catalog/xid.ts";
import { Component } from "../vocabulary.ts";

export interface FaultIdentity {
  readonly node: string;
  readonly component?: Component;
  /** Rule id, for example `xid.79`; without one the title stands in for it. */
  readonly rule?: string;
  readonly gpu?: number;
  readonly title: string;
}

/**
 * What makes two alerts the same fault: node, component, rule, and the GPU where there is one. Reads as
 * `node-1/pcie/xid.79/gpu3`. The component follows from the rule where the rule names it, so that a caller who leaves it
 * out, or guesses another one, still meets the alert that is open already.
 */
export function alertFingerprint(fault: FaultIdentity): string {
  const rule = fault.rule ?? ruleInTitle(fault.title);
  const component = (rule === undefined ? undefined : componentOfRule(rule)) ?? fault.component;
  const gpu = fault.gpu ?? gpuInTitle(fault.title);
  const parts = [fault.node, component ?? "-", rule ?? `title:${slug(fault.title)}`].map(escapePart);
  return gpu === undefined ? parts.join("/") : `${parts.join("/")}/gpu${gpu}`;
}

/** `xid.79` when the title names exactly one XID; a title with several says nothing certain. */
export function ruleInTitle(title: string): string | undefined {
  const code = only(title.matchAll(/\bxid[\s:#-]*(\d{1,3})\b/gi));
  return code === undefined ? undefined : `xid.${code}`;
}

/** The GPU index when the title names exactly one. */
export function gpuInTitle(title: string): number | undefined {
  return only(title.matchAll(/\bgpu[\s:#-]*(\d{1,2})\b(?!\s*(?:gi?b\b|°|%))/gi));
}

/** The component a rule id belongs to: of the XID for `xid.N`, else its first part when that is a component. */
export function componentOfRule(rule: string): Component | undefined {
  const [family = "", detail = ""] = rule.toLowerCase().split(".");
  const code = family === "xid" ? /^\d+$/.exec(detail)?.[0] : undefined;
  if (code !== undefined) return lookupXid(Number(code)).component;
  return Component.safeParse(family).data;
}

function only(matches: Iterable<RegExpMatchArray>): number | undefined {
  const values = new Set(Array.from(matches, (match) => Number(match[1])));
  return values.size === 1 ? values.values().next().value : undefined;
}

function slug(title: string): string {
  const words =
    title
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.join("-").slice(0, 120) || "untitled";
}

/** Keeps the separator unambiguous, whatever a host name or rule holds. */
function escapePart(part: string): string {
  return part.replaceAll("%", "%25").replaceAll("/", "%2F");
}
