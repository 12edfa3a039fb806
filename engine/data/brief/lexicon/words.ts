/** Words that say nothing about which field or domain is meant. */
const FILLERS: ReadonlySet<string> = new Set(["a", "an", "the", "of", "for", "some", "each", "every", "its", "their"]);

/** Words that end in "s" and are singular, or whose plural is not made with "s". */
const IRREGULAR: ReadonlyMap<string, string> = new Map(
  Object.entries({
    people: "person",
    children: "child",
    diagnoses: "diagnosis",
    analyses: "analysis",
    indices: "index",
    vertices: "vertex",
    criteria: "criterion",
    men: "man",
    women: "woman",
    feet: "foot",
    addresses: "address",
    statuses: "status",
    buses: "bus",
    viruses: "virus",
    biases: "bias",
    gases: "gas",
    lenses: "lens",
    movies: "movie",
    cookies: "cookie",
    selfies: "selfie",
    calories: "calorie",
    series: "series",
    species: "species",
    news: "news",
    logistics: "logistics",
    sms: "sms",
    gps: "gps",
    dns: "dns",
    https: "https",
    os: "os",
    aws: "aws",
    ids: "id",
    metrics: "metric",
    analytics: "analytics",
    saas: "saas",
    iops: "iops",
    sales: "sale",
    ios: "ios",
    rss: "rss",
    vitals: "vital",
    lives: "life",
    leaves: "leave",
    shelves: "shelf",
    gpus: "gpu",
    cpus: "cpu",
    lens: "lens",
    previous: "previous",
    always: "always",
    canvas: "canvas",
    alias: "alias",
    bias: "bias",
    gas: "gas",
    atlas: "atlas",
    christmas: "christmas",
    plus: "plus",
    miles: "mile",
  }),
);

/** `invoices` → `invoice`, `companies` → `company`, `addresses` → `address`; other words stay as they are. */
export function singular(word: string): string {
  const known = IRREGULAR.get(word);
  if (known !== undefined) return known;
  if (!word.endsWith("s") || word.length < 4 || /(?:ss|us|is)$/.test(word)) return word;
  if (/[^aeiou]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (/(?:ss|sh|ch|x|zz)es$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}

/**
 * The words of a phrase for comparison: lower case, singular, `_`, `-` and camelCase divided, possessives and words
 * that say nothing left out.
 */
export function normaliseWords(phrase: string): string[] {
  return phrase
    .replaceAll(/([a-z\d])(?=[A-Z][a-z]|ID\b)/g, "$1 ")
    .toLowerCase()
    .replaceAll(/['’`]s?\b/g, "")
    .split(/[^a-z0-9&+/.%]+/)
    .map((word) => singular(word.replaceAll(/^[.&+/]+|[.&+/]+$/g, "")))
    .filter((word) => word !== "" && !FILLERS.has(word));
}
