import { createHash, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";

import { z } from "zod";

import type { Clock } from "../../lib/clock.ts";
import { ConfigError } from "../../lib/config.ts";
import { errorMessage } from "../../lib/errors.ts";
import type { Secret } from "../../lib/secret.ts";
import { type Caller, SCOPES, type Scope, toCaller } from "./user.ts";

/** `NEMOPS_API_KEYS_FILE`. It holds hashes, so that whoever reads it has no key. */
const KeysFile = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(100),
        sha256: z
          .string()
          .regex(/^[0-9a-fA-F]{64}$/, "must be the SHA-256 of the key as 64 hexadecimal digits, not the key itself"),
        scopes: z.array(z.enum(SCOPES)).min(1),
        expires_at: z.iso.datetime({ offset: true }).optional(),
      }),
    )
    .min(1)
    .max(1_000),
});

export interface ApiKey {
  readonly name: string;
  readonly sha256: Buffer;
  readonly scopes: readonly Scope[];
  /** Infinity for a key that does not end. */
  readonly expiresAtMs: number;
}

/** The keys of the settings: the single one, with every scope, and those of the file. Throws ConfigError for a bad file. */
export async function readApiKeys(settings: {
  readonly apiKey: Secret | undefined;
  readonly apiKeysFile: string | undefined;
}): Promise<readonly ApiKey[]> {
  const keys: ApiKey[] = [];
  if (settings.apiKey !== undefined) {
    const sha256 = digest(settings.apiKey.reveal());
    keys.push({ name: "default", sha256, scopes: SCOPES, expiresAtMs: Infinity });
  }
  if (settings.apiKeysFile !== undefined) keys.push(...(await readKeysFile(settings.apiKeysFile)));
  return keys;
}

/** The caller a key belongs to. Every key is compared, whole, so that the time taken tells nothing about any of them. */
export function findCaller(keys: readonly ApiKey[], given: string, clock: Clock): Caller | "expired" | undefined {
  const sha256 = digest(given);
  let found: ApiKey | undefined;
  for (const key of keys) if (timingSafeEqual(sha256, key.sha256)) found ??= key;
  if (found === undefined) return undefined;
  return clock.now() < found.expiresAtMs ? toCaller(found.name, found.scopes) : "expired";
}

async function readKeysFile(file: string): Promise<readonly ApiKey[]> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new ConfigError([`NEMOPS_API_KEYS_FILE: cannot read ${JSON.stringify(file)}: ${errorMessage(error)}`]);
  }
  const checked = KeysFile.safeParse(parsed);
  if (!checked.success) {
    throw new ConfigError(
      checked.error.issues.map(({ path, message }) => `NEMOPS_API_KEYS_FILE: ${path.join(".") || file}: ${message}`),
    );
  }
  const { keys } = checked.data;
  const names = new Set(keys.map(({ name }) => name));
  if (names.size < keys.length) throw new ConfigError([`NEMOPS_API_KEYS_FILE: two keys of ${file} have the same name`]);
  return keys.map(({ name, sha256, scopes, expires_at: expiresAt }) => ({
    name,
    sha256: Buffer.from(sha256, "hex"),
    scopes,
    expiresAtMs: expiresAt === undefined ? Infinity : Date.parse(expiresAt),
  }));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
