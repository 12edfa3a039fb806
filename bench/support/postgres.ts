export interface BenchPostgres {
  /** A schema of its own, empty. */
  readonly uri: string;
  stop(): Promise<void>;
}

/**
 * The Postgres of `TEST_POSTGRES_URL`, else one started here for the benchmark, without waiting for the disk; undefined when
 * this machine has none.
 */
export async function openBenchPostgres(): Promise<BenchPostgres | undefined> {
  // The driver is loaded only where it is needed.
  const { hasPostgres, startTestPostgres } = await import("../../test/support/postgres.ts");
  if (!hasPostgres()) return undefined;
  const postgres = await startTestPostgres();
  try {
    return { uri: await postgres.createSchema(), stop: () => postgres.stop() };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}
