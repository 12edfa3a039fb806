import type { Draws } from "../random.ts";
import type { JsonValue } from "../table.ts";

const HOBBIES = [
  "hiking",
  "cooking for friends",
  "gardening",
  "reading history",
  "playing chess",
  "photography",
  "cycling",
  "choir singing",
  "woodworking",
  "running",
  "painting",
  "bird watching",
  "board games",
  "volunteering",
  "swimming",
  "fishing",
  "dancing",
  "learning languages",
  "yoga",
  "restoring furniture",
];
const SKILLS = [
  "planning",
  "negotiation",
  "spreadsheets",
  "public speaking",
  "writing reports",
  "customer care",
  "bookkeeping",
  "mentoring",
  "data analysis",
  "machine maintenance",
  "scheduling",
  "quality control",
  "first aid",
  "teaching",
  "design",
  "research",
];
const GOALS = [
  "to lead a small team",
  "to start a business of their own",
  "to earn another qualification",
  "to move into a role with fewer hours",
  "to become the expert others ask",
  "to change into a field that helps people",
  "to keep the work varied",
];
const TRAITS = ["openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"] as const;
const LEVELS = ["very low", "low", "average", "high", "very high"];

/**
 * Texts about a person from word lists, and the five traits as T scores (mean 50, deviation 10) with a label. They agree
 * with the person's name, age, place and occupation; they are no model of anybody.
 */
export function drawPersona(
  draws: Draws,
  person: Readonly<Record<string, string | number | null>>,
): Record<string, JsonValue> {
  const name = `${String(person["first_name"])} ${String(person["last_name"])}`;
  const work = String(person["occupation"]);
  const hobbies = several(draws, HOBBIES, 3);
  const skills = several(draws, SKILLS, 3);
  const goal = GOALS[draws.nextIndex(GOALS.length)] ?? "";
  const years = Math.max(0, Math.min(45, Number(person["age"]) - 18 - draws.nextIndex(8)));
  return {
    persona: `${name}, ${String(person["age"])}, lives in ${String(person["city"])} and spends free time on ${listed(hobbies)}.`,
    professional_persona: `${name} works as ${work}${years > 0 ? ` with ${years} years of experience` : ""}, known for ${listed(skills)}.`,
    career_goals_and_ambitions: `${name} wants ${goal}.`,
    hobbies_and_interests: `${name} enjoys ${listed(hobbies)}.`,
    hobbies_and_interests_list: hobbies,
    skills_and_expertise: `${name} is good at ${listed(skills)}.`,
    skills_and_expertise_list: skills,
    ...Object.fromEntries(TRAITS.map((trait) => [trait, drawTrait(draws)])),
  };
}

/** The sum of twelve uniform numbers has the deviation 1 and stays within six of them, as scores do. */
function drawTrait(draws: Draws): JsonValue {
  let sum = -6;
  for (let count = 0; count < 12; count += 1) sum += draws.next();
  const score = Math.round(50 + 10 * sum);
  return { t_score: score, label: LEVELS[Math.min(4, Math.max(0, Math.floor((score - 25) / 10)))] ?? "average" };
}

function several(draws: Draws, values: readonly string[], count: number): readonly string[] {
  const left = [...values];
  return Array.from({ length: count }, () => left.splice(draws.nextIndex(left.length), 1)[0] ?? "");
}

function listed(values: readonly string[]): string {
  return `${values.slice(0, -1).join(", ")} and ${values.at(-1) ?? ""}`;
}
