import { describe, expect, it } from "vitest";

import { findDomain, findField } from "../../../../../engine/data/brief/lexicon/lexicon.ts";

describe("lexicon", () => {
  it("finds a field whatever the number, case and order of its words", () => {
    for (const phrase of ["due date", "Due dates", "due_date", "dueDate", "the due-date", "date due"]) {
      expect(findField(phrase)?.id, phrase).toBe("due_date");
    }
    expect(findField("xylophone tuning")).toBeUndefined();
  });

  it("finds a domain in the plural", () => {
    expect(findDomain("I need 500 fake invoices")?.id).toBe("invoice");
    expect(findDomain("hello there")).toBeUndefined();
  });
});
