/** What the rows are about decides what a bare "name", "age" or "weight" means: those of pets are not those of people. */
import type { DraftColumn } from "../design/draft.ts";
import { categoryColumn, expressionColumn, integerColumn } from "./columns.ts";
import { fieldById, matchField } from "./lexicon/lexicon.ts";
import type { FieldMatch } from "./lexicon/lexicon.ts";
import type { DomainEntry } from "./lexicon/types.ts";
import { normaliseWords } from "./lexicon/words.ts";

const PEOPLE = new Set(
  "person patient customer user employee student teacher client member player athlete runner man woman child adult baby donor worker citizen resident passenger driver doctor nurse applicant participant subject".split(
    " ",
  ),
);
const ANIMALS = new Set("pet dog cat animal puppy kitten rabbit horse bird hamster parrot pony".split(" "));
const PET_NAMES =
  "Bella Max Luna Charlie Milo Coco Rocky Daisy Simba Nala Buddy Molly Oscar Rosie Leo Lucy Toby Ruby Jasper Willow".split(
    " ",
  );
/** Things that have names of their own, which are a word and the thing: "Riverside School". */
const THINGS = new Set(
  "school university college hospital clinic bank store shop cafe bar library museum park airport station factory warehouse plant farm stadium theatre theater gym club church project program programme initiative app application service device sensor machine robot server vehicle ship boat building bridge river lake mountain island forest garden recipe street planet galaxy wine beer cocktail tool library model dataset workflow pipeline cluster platform newspaper magazine band festival".split(
    " ",
  ),
);
const NAME_WORDS =
  "Riverside Summit Oakwood Northgate Harbor Meadow Silver Granite Cedar Lakeside Maple Horizon Falcon Aurora Beacon Juniper Willow Stonebridge Eastfield Clearwater Redwood Highland Amber Westbrook".split(
    " ",
  );
/** Things whose field holds their names. */
const SELF_NAMED = new Set(
  "city country drug medication medicine dish airline language colour color brand team company merchant".split(" "),
);
/** Fields of other sizes for people than for parcels. */
const OF_PEOPLE: Readonly<Record<string, string>> = { weight_kg: "patient_weight_kg" };
const MAX_ANIMAL_AGE = 15;

/** The thing that one row is, singular: `city` for "a small table of cities". Empty when nothing is named. */
export function nounOf(subject: string): string {
  return normaliseWords(subject).at(-1) ?? "";
}

/** The field that a phrase means for rows of this kind. A bare name is that of the thing itself. */
export function matchInSubject(phrase: string, noun: string, domain: DomainEntry | undefined): FieldMatch | undefined {
  const options = domain === undefined ? {} : { domain };
  const words = normaliseWords(phrase).join(" ");
  const match = matchField(phrase, options);
  if (noun === "") return match;
  if (words === "name" || words === "title") {
    const named = [`${noun} name`, `${noun} title`, ...(SELF_NAMED.has(noun) ? [noun] : [])].map((one) =>
      matchField(one, options),
    );
    const own = named.find((one) => one?.isExact === true && ["category", "geo", "code"].includes(one.field.kind));
    if (own !== undefined) return own;
    return words === "name" && hasOwnNames(noun) ? undefined : match;
  }
  if (words === "age" && ANIMALS.has(noun)) return undefined;
  const ofPeople = PEOPLE.has(noun) ? fieldById(OF_PEOPLE[match?.field.id ?? ""] ?? "") : undefined;
  return ofPeople === undefined || match === undefined ? match : { ...match, field: ofPeople };
}

function hasOwnNames(noun: string): boolean {
  return ANIMALS.has(noun) || THINGS.has(noun);
}

/** Columns for a name or an age that no field stands for; undefined for any other phrase. */
export function subjectColumn(
  name: string,
  phrase: string,
  noun: string,
): { readonly column: DraftColumn; readonly helpers: readonly DraftColumn[]; readonly note: string } | undefined {
  const words = normaliseWords(phrase).join(" ");
  if (words === "age" && ANIMALS.has(noun))
    return { column: integerColumn(name, 0, MAX_ANIMAL_AGE), helpers: [], note: `0 to ${MAX_ANIMAL_AGE} years` };
  if (words !== "name" || !hasOwnNames(noun)) return undefined;
  if (ANIMALS.has(noun)) return { column: categoryColumn(name, PET_NAMES), helpers: [], note: "names of pets" };
  const helper = `${name}_word`;
  const title = `${noun.charAt(0).toUpperCase()}${noun.slice(1)}`;
  return {
    column: expressionColumn(name, `{{ ${helper} }} ${title}`, "str"),
    helpers: [{ ...categoryColumn(helper, NAME_WORDS), drop: true }],
    note: `made-up names such as ${NAME_WORDS[0]} ${title}`,
  };
}
