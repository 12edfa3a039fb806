import { type ProtocolEvent, inferChannel, isPrefixMatch } from "@langchain/langgraph/stream";

/** Which events a reader wants: channels, prefixes of the namespace (none: all), and levels below the prefix. */
export interface EventFilter {
  readonly channels: readonly string[];
  readonly namespaces?: readonly (readonly string[])[] | null | undefined;
  readonly depth?: number | null | undefined;
}

/** What a filter looks at. */
export interface EventAddress {
  readonly channel: string;
  readonly namespace: readonly string[];
}

/** Channel and namespace of an event; undefined for one that no channel carries. */
export function addressOf({ method, params }: Pick<ProtocolEvent, "method" | "params">): EventAddress | undefined {
  const channel = inferChannel({ method, params });
  return channel === undefined ? undefined : { channel, namespace: params.namespace };
}

export function matchesFilter({ channel, namespace }: EventAddress, filter: EventFilter): boolean {
  const { channels, namespaces, depth } = filter;
  const isWanted = channels.includes(channel) || (channel.startsWith("custom:") && channels.includes("custom"));
  if (!isWanted) return false;
  if (namespaces == null || namespaces.length === 0) return true;
  return namespaces.some(
    (prefix) =>
      isPrefixMatch([...namespace], [...prefix]) && (depth == null || namespace.length - prefix.length <= depth),
  );
}
