import { describe, expect, it } from "vitest";

import { readVariables } from "../../../../../engine/data/design/references.ts";
import { makeName, nameResolver, resolveName } from "../../../../../engine/data/design/draft/names.ts";
import { renameVariables, repairCondition, repairTemplate } from "../../../../../engine/data/design/draft/templates.ts";

describe("a column name", () => {
  it.each([
    ["order_id", "order_id"],
    ["OrderId", "OrderId"],
    ["Order ID", "order_id"],
    ["orderDate (UTC)", "order_date_utc"],
    ["2nd price", "n_2nd_price"],
    ["  total $ ", "total"],
    ["in", "in_"],
    ["True", "True_"],
    ["__proto__", "proto___"],
    ["_internal_row_id", "internal_row_id_"],
    ["größe in cm", "größe_in_cm"],
    ["注文日", "注文日"],
    ["%%%", "column"],
    ["", "column"],
  ])("%j becomes %j", (wanted, name) => {
    expect(makeName(wanted)).toBe(name);
  });

  it("has at most 64 characters and can always be used in a template", () => {
    for (const wanted of [
      "x".repeat(300),
      "word ".repeat(40),
      "1".repeat(100),
      "𝒳 ".repeat(60),
      "end-for",
      "\u0000a",
    ]) {
      const name = makeName(wanted);
      expect(name.length).toBeLessThanOrEqual(64);
      expect(readVariables(`{{ ${name} }}`)).toEqual({ variables: [name] });
    }
  });

  it("is found in another spelling unless two columns could be meant", () => {
    expect(resolveName("Order-ID", ["price", "order_id"])).toBe("order_id");
    expect(resolveName("orderid", ["order_id", "ORDER_ID"])).toBeUndefined();
    expect(resolveName("ORDER_ID", ["order_id", "ORDER_ID"])).toBe("ORDER_ID");
    expect(resolveName("customer", ["order_id"])).toBeUndefined();
    expect(resolveName("--", ["order_id"])).toBeUndefined();
  });
});

describe("a template", () => {
  const resolve = nameResolver(["order_id", "price", "qty", "first_name", "person"]);

  it.each([
    ["{{ Order ID }}", "{{ order_id }}"],
    ["{{ Order ID | upper }} and {{Price}}", "{{ order_id | upper }} and {{price}}"],
    ["No. {order_id} at {Price}", "No. {{ order_id }} at {{ price }}"],
    ["{{ person.First_Name }}", "{{ person.First_Name }}"],
    ["{{ 'Order ID' ~ Qty }}", "{{ 'Order ID' ~ qty }}"],
    ["{{ price - qty }}", "{{ price - qty }}"],
    ["{% if Price > 5 %}{{ Order-ID }}{% endif %}", "{% if price > 5 %}{{ order_id }}{% endif %}"],
    ['Answer as {"price": 1} or {unknown}', 'Answer as {"price": 1} or {unknown}'],
    ["{{ unknown thing }}", "{{ unknown thing }}"],
    ["plain text about price", "plain text about price"],
  ])("%j is repaired to %j", (source, repaired) => {
    expect(repairTemplate(source, resolve)).toBe(repaired);
  });

  it.each([
    ["Qty = 'many'", "qty == 'many'"],
    ["{{ Price >= 10 }}", "price >= 10"],
    ["price != 3 and Qty == 2", "price != 3 and qty == 2"],
  ])("as a condition %j becomes %j", (condition, repaired) => {
    expect(repairCondition(condition, resolve)).toBe(repaired);
  });

  it.each([
    ["{{ price * 2 }} price", "{{ cost * 2 }} price"],
    ["{{ person.price }}", "{{ person.price }}"],
    ["{{ qty | replace('price', price) }}", "{{ qty | replace('price', cost) }}"],
    ["{% for price in qty %}{{ price }}{% endfor %}", "{% for price in qty %}{{ price }}{% endfor %}"],
    ["{{ price is defined and not price }}", "{{ cost is defined and not cost }}"],
    ["{{ broken", "{{ broken"],
  ])("%j is renamed to %j", (source, renamed) => {
    expect(renameVariables(source, (name) => (name === "price" ? "cost" : name))).toBe(renamed);
  });
});
