/** What a process writes of a run is refused, because the run is another process's now, or was deleted. */
export class RunLostError extends Error {
  override readonly name = "RunLostError";

  constructor(runId: string) {
    super(`run ${runId} is not this process's any more`);
  }
}
