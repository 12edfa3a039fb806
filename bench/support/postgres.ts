export interface BenchPostgres {
  /** A schema of its own, empty. */
  readonly uri: string;
  /** Reads in that schema. */
  query(text: string): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

/**
 * The Postgres of `TEST_POSTGRES_URL`, else one started here for the benchmark, without waiting for the disk; undefined when
 * this machine has none.
 */
export async function openBenchPostgres(): Promise<BenchPostgres | undefined> {
  // The driver is loaded only where it is needed.
  const { Client } = await import("pg");
  const { hasPostgres, startTestPostgres } = await import("../../test/support/postgres.ts");
  if (!hasPostgres()) return undefined;
  const postgres = await startTestPostgres();
  try {
    const uri = await postgres.createSchema();
    return {
      uri,
      async query(text) {
        const client = new Client({ connectionString: uri });
        await client.connect();
        try {
          return (await client.query<Record<string, unknown>>(text)).rows;
        } finally {
          await client.end();
        }
      },
      stop: () => postgres.stop(),
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}
