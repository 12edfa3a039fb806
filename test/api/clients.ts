import { Client as Client1 } from "@langchain/langgraph-sdk";
import { Client as Client2 } from "langgraph-sdk-2";
import { z } from "zod";

/** Both lines of the official SDK. 2.0.0 is the older one; what is used here has the same shape in both. */
export const SDKS = [
  { name: "SDK 1.15", connect: (apiUrl: string) => new Client1({ apiUrl, callerOptions: { maxRetries: 0 } }) },
  {
    name: "SDK 2.0.0",
    connect: (apiUrl: string) =>
      // Declared twice by two packages; the methods the tests call are the same.
      new Client2({ apiUrl, callerOptions: { maxRetries: 0 } }) as unknown as Client1,
  },
] as const;

/** Reads a whole stream into a list. */
export async function collect<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

const Origin = z.object({ run_id: z.uuid(), thread_id: z.uuid() });

/** Run and thread from the `metadata` event, which must come first. */
export function originOf(events: readonly { event: string; data: unknown }[]): z.infer<typeof Origin> {
  const [first] = events;
  if (first?.event !== "metadata") throw new Error(`the first event is ${first?.event}`);
  return Origin.parse(first.data);
}
