/** A tool as the model and the policy see it. */
export interface ToolDescription {
  /** MCP server it lives on, for example `gpu-ops`. */
  readonly server: string;
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly isReadOnly: boolean;
  readonly isDestructive: boolean;
  readonly isIdempotent: boolean;
}

/** What a call gave. A tool that failed answers with `isError`; only a broken connection or an abort throws. */
export interface ToolOutcome {
  readonly isError: boolean;
  /** Text blocks joined by line ends. */
  readonly text: string;
  readonly structured?: Readonly<Record<string, unknown>>;
}

export interface ToolCallOptions {
  readonly signal?: AbortSignal;
  /** Sent as the request's `_meta`. */
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly onProgress?: (progress: { done: number; total?: number; message?: string }) => void;
}

/**
 * The one way graphs reach tools. Names are unique over all servers; a further server's tool whose name is taken is
 * offered as `<server>__<tool>`. `call` rejects with ServiceError `not_found` (unknown name), `forbidden` (not on the
 * allow list), `timed_out` or `tool_failed` (connection lost), or with the signal's reason.
 */
export interface ToolClient {
  listTools(): Promise<readonly ToolDescription[]>;
  call(name: string, args: Readonly<Record<string, unknown>>, options?: ToolCallOptions): Promise<ToolOutcome>;
  close(): Promise<void>;
}
