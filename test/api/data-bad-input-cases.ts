type Column = Readonly<Record<string, unknown>>;

/** A design with a column that is right, and those given. */
export function design(...columns: readonly Column[]): { columns: readonly Column[] } {
  return { columns: [{ column_type: "sampler", name: "id", sampler_type: "uuid", params: {} }, ...columns] };
}

const sampler = (name: string, type: string, params: object): Column => ({
  column_type: "sampler",
  name,
  sampler_type: type,
  params,
});
const expression = (name: string, expr: string): Column => ({ column_type: "expression", name, expr });
const price = sampler("price", "uniform", { low: 0, high: 1 });
const above = (rhs: number | string): object => ({
  ...design(price),
  constraints: [
    {
      constraint_type: typeof rhs === "number" ? "scalar_inequality" : "column_inequality",
      target_column: "price",
      operator: "gt",
      rhs,
    },
  ],
});
const nested = (depth: number): string => `{{ ${"(".repeat(depth)}id${")".repeat(depth)} }}`;
const long = "x".repeat(100_000);

/** Configs that nothing is made of, and words of the message that says why and what would be right. */
export const DESIGN_CASES: readonly { what: string; config: unknown; says: RegExp }[] = [
  { what: "an unknown column type", config: design({ column_type: "lmm-text", name: "a" }), says: /mean "llm-text"/ },
  { what: "an unknown sampler", config: design(sampler("a", "gausian", {})), says: /mean "gaussian"/ },
  { what: "an unknown field", config: design({ ...price, hidden: true }), says: /"hidden"; the fields are name, drop/ },
  { what: "an unknown parameter", config: design(sampler("a", "poisson", { mu: 1 })), says: /unknown field "mu"|mean/ },
  {
    what: "a reference to a missing column",
    config: design(expression("a", "{{ b }}")),
    says: /"b".*columns are id, a/,
  },
  { what: "a constraint on a missing column", config: above("cost"), says: /no column "cost"/ },
  {
    what: "a cycle",
    config: design(expression("a", "{{ b }}"), expression("b", "{{ c }}"), expression("c", "{{ a }}")),
    says: /a → b → c → a/,
  },
  { what: "an impossible constraint", config: above(5), says: /price > 5 can never hold.*0 to 1/ },
  {
    what: "weights of the wrong length",
    config: design(sampler("a", "category", { values: ["x", "y"], weights: [1, 2, 3] })),
    says: /3 entries and values has 2/,
  },
  { what: "a template nested a little too deep", config: design(expression("a", nested(500))), says: /nested deeper/ },
  { what: "a template nested far too deep", config: design(expression("a", nested(50_000))), says: /nested deeper/ },
  {
    what: "an endless loop",
    config: design(expression("a", "{% for i in range(10 ** 12) %}{% endfor %}")),
    says: /range/,
  },
  {
    what: "a call of a constructor",
    config: design(expression("a", "{{ id.constructor.constructor('return process')() }}")),
    says: /constructor` is not allowed/,
  },
  { what: "a prototype", config: design(expression("a", "{{ id.__proto__ }}")), says: /__proto__` is not allowed/ },
  { what: "a Python class", config: design(expression("a", "{{ id.__class__.__mro__ }}")), says: /not allowed/ },
  {
    what: "a global",
    config: design(expression("a", "{{ process.env.HOME }}")),
    says: /"process", which does not exist/,
  },
  { what: "a column named as the prototype", config: design({ ...price, name: "__proto__" }), says: /reserved/ },
  { what: "times that leave the calendar", config: timesBeyond(), says: /years 1 to 9999/ },
  { what: "counts that cannot be drawn", config: design(sampler("a", "poisson", { mean: 1e300 })), says: /below 1e15/ },
  { what: "a name of 100,000 letters", config: design({ ...price, name: long }), says: /at most 200/ },
  { what: "a type of 100,000 letters", config: design({ ...price, column_type: long }), says: /It is one of sampler/ },
  {
    what: "10,000 columns that are all wrong",
    config: design(...Array.from({ length: 10_000 }, (_, at) => ({ ...price, name: `c${at}`, hidden: true }))),
    says: /"hidden"/,
  },
  {
    what: "a remote validator at a metadata service",
    config: remote("http://169.254.169.254/latest"),
    says: /private|not reached|not allowed|link-local/i,
  },
  { what: "a remote validator on this machine", config: remote("http://127.0.0.1:9/"), says: /private|loopback/i },
  { what: "a remote validator that is a file", config: remote("file:///etc/passwd"), says: /http/ },
];

function timesBeyond(): object {
  const start = sampler("start", "datetime", { start: "2024-01-01", end: "2024-02-01" });
  return design(start, sampler("end", "timedelta", { dt_min: 0, dt_max: 1e12, reference_column_name: "start" }));
}

function remote(endpoint: string): object {
  return design({
    column_type: "validation",
    name: "check",
    target_columns: ["id"],
    validator_type: "remote",
    validator_params: { endpoint_url: endpoint },
  });
}

const seeded = (file: string): object => ({ ...design(), seed_config: { source: { seed_type: "local", path: file } } });

const seedRows = (start: number, end: number): object => ({
  ...design(),
  seed_config: { source: { seed_type: "local", path: "three.csv" }, selection_strategy: { start, end } },
});

/** The files are made in the test. */
export const SEED_CASES: typeof DESIGN_CASES = [
  { what: "a missing seed file", config: seeded("none.csv"), says: /none\.csv does not exist in/ },
  { what: "an empty seed file", config: seeded("empty.csv"), says: /empty\.csv/ },
  { what: "a ragged seed file", config: seeded("ragged.csv"), says: /line 3/ },
  { what: "a seed file of 2 GB", config: seeded("large.csv"), says: /2147483648 bytes, at most/ },
  { what: "seed rows beyond the last", config: seedRows(5, 9), says: /end is at most 2/ },
  { what: "a seed file above the folder", config: seeded("../outside.csv"), says: /outside of/ },
  { what: "a seed file elsewhere", config: seeded("/etc/none.csv"), says: /outside of/ },
  { what: "a link out of the folder", config: seeded("link.csv"), says: /outside of/ },
  { what: "a seed file of another kind", config: seeded("/etc/passwd"), says: /known are/ },
];

/** Templates that are right and ask for too much, or for what they may not have, when they are rendered. */
export const REQUEST_CASES: readonly { what: string; expr: string; says: RegExp }[] = [
  { what: "a text of 10^9 letters", expr: "{{ 'x' * 1000000000 }}", says: /longer than 512000/ },
  { what: "padding of 10^9", expr: "{{ 'x'.center(1000000000) }}", says: /1000000000 is more than 512000/ },
  {
    what: "a loop of 500,000 rounds",
    expr: "{% for c in 'x' * 500000 %}{{ 'y' * 500000 }}{% endfor %}",
    says: /at most 100000/,
  },
  { what: "a replacement that grows", expr: "{{ ('a' * 99999).replace('a', 'b' * 99999) }}", says: /512000/ },
  { what: "a prototype by a built name", expr: "{{ id['constr' ~ 'uctor'] }}", says: /constructor` is not allowed/ },
];

export const SQL_CASES: readonly { what: string; sql: string; status: number | number[]; says: RegExp }[] = [
  { what: "a file that is read", sql: "SELECT * FROM read_text('/etc/passwd')", status: 403, says: /nothing else/ },
  { what: "a file as a table", sql: "FROM '/etc/passwd'", status: 422, says: /does not exist/ },
  {
    what: "a file through a query in a query",
    sql: "FROM query('FROM read_csv(''/etc/hosts'')')",
    status: 403,
    says: /./,
  },
  { what: "a list of files", sql: "SELECT * FROM glob('/*')", status: 403, says: /nothing else/ },
  { what: "a file that is written", sql: "COPY dataset TO 'stolen'", status: 403, says: /COPY is not run/ },
  { what: "another database", sql: "ATTACH 'stolen'", status: 403, says: /ATTACH is not run/ },
  { what: "an extension", sql: "INSTALL httpfs", status: 403, says: /INSTALL is not run/ },
  { what: "the network", sql: "FROM 'http://127.0.0.1:9/x.parquet'", status: 403, says: /nothing else/ },
  { what: "the environment", sql: "SELECT getenv('PATH')", status: 422, says: /getenv/ },
  { what: "a setting", sql: "SET enable_external_access = true", status: 403, says: /SET is not run/ },
  { what: "a second statement", sql: "SELECT 1; COPY dataset TO 'stolen'", status: 422, says: /exactly one/ },
  { what: "a change", sql: "WITH x AS (DELETE FROM dataset) FROM x", status: 422, says: /./ },
  { what: "no end", sql: "SELECT count(*) FROM range(1000000000000)", status: 504, says: /1000 ms/ },
  {
    what: "more memory than there is",
    sql: "SELECT list(range) FROM range(1000000000)",
    // A busy machine runs out of time before it runs out of memory.
    status: [422, 504],
    says: /memory|ms/,
  },
];
