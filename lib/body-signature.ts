import { createHmac, timingSafeEqual } from "node:crypto";

import type { Secret } from "./secret.ts";

export const SIGNATURE_HEADER = "x-nemops-signature";

/** `sha256=` and the hex HMAC-SHA256 of the exact bytes of the body. */
export function signBody(body: string, secret: string): string {
  return `sha256=${createHmac("sha256", secret).update(body, "utf8").digest("hex")}`;
}

/** The header that signs a body; none without a secret. */
export function signatureHeaders(body: string, secret: Secret | undefined): Record<string, string> {
  return secret === undefined ? {} : { [SIGNATURE_HEADER]: signBody(body, secret.reveal()) };
}

/** For receivers: compares in constant time. */
export function isSignatureOf(signature: string, body: string, secret: string): boolean {
  const expected = Buffer.from(signBody(body, secret));
  const given = Buffer.from(signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}
