/** What a caller may do. A key or token has exactly the scopes it lists; none includes another. */
export const SCOPES = ["read", "run", "approve", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who calls, as graphs and the handlers of a custom `Auth` see it. Spelled as upstream spells it. */
export interface AuthUser {
  readonly identity: string;
  readonly display_name: string;
  readonly is_authenticated: boolean;
  readonly permissions: readonly string[];
  /** Whatever else a custom `authenticate` gave. */
  readonly [field: string]: unknown;
}

/** A caller who was let in. */
export interface Caller {
  readonly user: AuthUser;
  /** Undefined when the handlers of a custom `Auth` decide instead. */
  readonly scopes: ReadonlySet<Scope> | undefined;
}

export function isScope(value: unknown): value is Scope {
  return SCOPES.some((scope) => scope === value);
}

/** A user of the built-in modes; the permissions are the scopes. */
export function toCaller(identity: string, scopes: readonly Scope[]): Caller {
  return {
    user: { identity, display_name: identity, is_authenticated: true, permissions: [...scopes] },
    scopes: new Set(scopes),
  };
}
