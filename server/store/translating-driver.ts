import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  type TransactionSettings,
} from "kysely";

/** Wraps a driver of Kysely, because a failed statement is only seen there; `translate` says what is thrown instead. */
export class TranslatingDriver implements Driver {
  readonly #inner: Driver;
  readonly #translate: (error: unknown) => unknown;
  readonly #wrapped = new WeakMap<DatabaseConnection, DatabaseConnection>();
  readonly #inners = new WeakMap<DatabaseConnection, DatabaseConnection>();

  constructor(inner: Driver, translate: (error: unknown) => unknown) {
    this.#inner = inner;
    this.#translate = translate;
  }

  async #guard<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async init(): Promise<void> {
    await this.#guard(() => this.#inner.init());
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const inner = await this.#guard(() => this.#inner.acquireConnection());
    let wrapped = this.#wrapped.get(inner);
    if (wrapped === undefined) {
      wrapped = {
        executeQuery: <Row>(query: CompiledQuery): Promise<QueryResult<Row>> =>
          this.#guard(() => inner.executeQuery<Row>(query)),
        streamQuery: <Row>(query: CompiledQuery, chunkSize?: number) => inner.streamQuery<Row>(query, chunkSize ?? 100),
      };
      this.#wrapped.set(inner, wrapped);
      this.#inners.set(wrapped, inner);
    }
    return wrapped;
  }

  #unwrap(connection: DatabaseConnection): DatabaseConnection {
    return this.#inners.get(connection) ?? connection;
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    await this.#guard(() => this.#inner.beginTransaction(this.#unwrap(connection), settings));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#guard(() => this.#inner.commitTransaction(this.#unwrap(connection)));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#guard(() => this.#inner.rollbackTransaction(this.#unwrap(connection)));
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    await this.#inner.releaseConnection(this.#unwrap(connection));
  }

  async destroy(): Promise<void> {
    await this.#inner.destroy();
  }
}
