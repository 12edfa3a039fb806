import { type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, createRemoteJWKSet, jwtVerify } from "jose";
import { JOSEError, JWKSInvalid, JWKSTimeout } from "jose/errors";

import type { Clock } from "../../lib/clock.ts";
import type { Config } from "../../lib/config.ts";
import { ServiceError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { type Caller, isScope, toCaller } from "./user.ts";

/** A server and its tokens' maker may disagree about the time by this much. */
const CLOCK_TOLERANCE_S = 5;
const KEY_SET_TIMEOUT_MS = 5_000;

export type VerifyToken = (token: string) => Promise<Caller>;

export interface JwtOptions {
  readonly jwt: NonNullable<Config["jwt"]>;
  readonly clock: Clock;
  readonly log: Log;
  /** How long the server of the key set may take; callers wait for it. */
  readonly keySetTimeoutMs?: number;
}

/**
 * Checks tokens against one secret or a key set. Only the configured algorithms count, whatever the token says of itself,
 * and it must have an end. Throws `unauthorized` that names the claim, `unavailable` when the key set cannot be had.
 */
export function createTokenVerifier(options: JwtOptions): VerifyToken {
  const { jwt, clock, log, keySetTimeoutMs = KEY_SET_TIMEOUT_MS } = options;
  const verify = createVerify(jwt, keySetTimeoutMs);
  return async (token) => {
    const rules: JWTVerifyOptions = {
      algorithms: [...jwt.algorithms],
      requiredClaims: ["exp", "sub"],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(clock.now()),
      ...(jwt.issuer === undefined ? {} : { issuer: jwt.issuer }),
      ...(jwt.audience === undefined ? {} : { audience: jwt.audience }),
    };
    try {
      return readClaims(await verify(token, rules));
    } catch (error) {
      if (error instanceof ServiceError) throw error;
      const isKeySetsFault = error instanceof JWKSTimeout || error instanceof JWKSInvalid;
      const isTokensFault = error instanceof JOSEError && !isKeySetsFault;
      if (isTokensFault && error.code !== "ERR_JOSE_GENERIC") {
        // The messages of the library name claims and rules, never the token.
        throw new ServiceError("unauthorized", `the token is not valid: ${error.message}`, { cause: error });
      }
      log.error({ err: error }, "the key set of AUTH_JWT_JWKS_URL cannot be had");
      throw new ServiceError("unavailable", "tokens cannot be checked now; send the request again in a moment", {
        cause: error,
      });
    }
  };
}

function createVerify(
  jwt: JwtOptions["jwt"],
  timeoutDuration: number,
): (token: string, options: JWTVerifyOptions) => Promise<JWTPayload> {
  if (jwt.jwksUrl !== undefined) {
    const keys: JWTVerifyGetKey = createRemoteJWKSet(new URL(jwt.jwksUrl), { timeoutDuration });
    return async (token, options) => (await jwtVerify(token, keys, options)).payload;
  }
  const secret = new TextEncoder().encode(jwt.secret?.reveal() ?? "");
  return async (token, options) => (await jwtVerify(token, secret, options)).payload;
}

/** Scopes are words of `scope`, or of `scp` as a list or as text; words that are no scopes of ours do not matter. */
function readClaims(claims: JWTPayload): Caller {
  const { sub } = claims;
  if (sub === undefined || sub === "") throw new ServiceError("unauthorized", 'the token is not valid: "sub" is empty');
  const words = [claims["scope"], claims["scp"]]
    .flat()
    .flatMap((part) => (typeof part === "string" ? part.split(/\s+/) : []));
  return toCaller(sub, [...new Set(words.filter(isScope))]);
}
