import { type Checkpoint, TASKS, maxChannelVersion } from "@langchain/langgraph-checkpoint";

/** Gives a checkpoint from before format 4 what its parent's tasks sent, which later formats keep in a channel. */
export function addPendingSends(
  checkpoint: Checkpoint,
  sends: readonly unknown[],
  firstVersion: () => string | number,
): void {
  checkpoint.channel_values ??= {};
  checkpoint.channel_values[TASKS] = [...sends];
  const versions = Object.values(checkpoint.channel_versions);
  checkpoint.channel_versions[TASKS] = versions.length > 0 ? maxChannelVersion(...versions) : firstVersion();
}
