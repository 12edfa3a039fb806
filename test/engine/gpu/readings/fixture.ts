import { readFileSync } from "node:fs";

/** Text of a file in test/fixtures/gpu; its README says which are recorded from real machines. */
export function fixture(name: string): string {
  return readFileSync(new URL(`../../../fixtures/gpu/${name}`, import.meta.url), "utf8");
}

/** The code and message a call fails with; fails the test when it does not fail. */
export function failureOf(call: () => unknown): { code: unknown; message: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return { code: Reflect.get(error, "code"), message: error.message };
  }
  throw new Error("the call did not fail");
}
