import { ServiceError } from "../../lib/errors.ts";

/** A field whose meaning is not implemented is refused rather than ignored. Absent and null pass. */
export function refuseField(body: Readonly<Record<string, unknown>>, field: string, message: string): void {
  if (body[field] == null) return;
  throw new ServiceError("invalid_input", `${field}: ${message}`, { problems: [{ field, message }] });
}
