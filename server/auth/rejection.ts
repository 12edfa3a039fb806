/** What a handler of a custom `Auth` answered with: its own status, text and headers. */
export class AuthRejection extends Error {
  override readonly name = "AuthRejection";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>>) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * The SDK's `HTTPException` as a rejection; undefined for any other error. Known by its fields: the handlers may come with
 * their own copy of the SDK.
 */
export function toRejection(error: unknown): AuthRejection | undefined {
  if (!(error instanceof Error) || !("status" in error) || typeof error.status !== "number") return undefined;
  const { status } = error;
  if (!Number.isInteger(status) || status < 400 || status > 599) return undefined;
  return new AuthRejection(status, error.message, "headers" in error ? readHeaders(error.headers) : {});
}

function readHeaders(headers: unknown): Record<string, string> {
  try {
    // Whatever fetch takes for headers; anything else throws.
    return Object.fromEntries(new Headers((headers ?? {}) as Record<string, string>));
  } catch {
    return {};
  }
}
