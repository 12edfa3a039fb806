import type { AssessmentResult } from "./results.ts";

/** How a text would name each action that can do harm. */
const ACTION_WORDS: Readonly<Record<string, RegExp>> = {
  REBOOT_NODE: /\b(?:reboot|power[ -]?cycle)\b/i,
  RESET_GPU: /\breset (?:the |this )?gpus?\b|--gpu-reset/i,
  DRAIN_RESET: /\bdrain\b/i,
  RMA_REVIEW: /\brma\b|\breplace (?:the |this )?(?:gpu|card)\b/i,
  RUN_DIAG: /\brun (?:a |the )?(?:full |stress )?(?:diagnostic|stress test|dcgmi diag)\b/i,
  RESTART_FABRIC_MANAGER: /\brestart (?:the )?fabric ?manager\b/i,
};
const NEGATION = /\b(?:not|never|no|don't|avoid|without|forbid\w*|instead of)\b/i;

/**
 * Where a model's text goes against the assessment: calls a faulty node healthy or a healthy one faulty, or recommends
 * an action the assessment forbids. A sentence with a negation recommends nothing. Finds the plain cases; its purpose
 * is that a reader of the report sees them, not that none can hide.
 */
export function contradictions(text: string, assessment: AssessmentResult): string[] {
  const sentences = text.split(/(?<=[.!?])\s+|\n+/).slice(0, 400);
  const notes: string[] = [];
  const saysHealthy = sentences.some((sentence) =>
    /\b(?:all|every\w*|the|this|gpus?|node)\b[^.]*\b(?:is|are|looks?|seems?)\s+(?:\w+\s+)?(?:healthy|fine|ok|okay|normal)\b|\bno (?:hardware )?(?:issues?|faults?|problems?)\b/i.test(
      sentence,
    ),
  );
  const isHealthy = assessment.verdict === "healthy";
  if (!isHealthy && assessment.verdict !== "app" && saysHealthy && !namesVerdict(text, assessment)) {
    notes.push(`The model's text calls this healthy; the rules engine says ${assessment.verdict}, which stands.`);
  }
  const saysFailed = sentences.some(
    (sentence) =>
      /\b(?:has failed|is faulty|must be replaced|needs? (?:an )?rma|is broken)\b/i.test(sentence) &&
      !NEGATION.test(sentence),
  );
  if (isHealthy && saysFailed) {
    notes.push("The model's text names a fault; the rules engine finds the node healthy, which stands.");
  }
  for (const action of assessment.forbidden_actions) {
    const words = ACTION_WORDS[action];
    if (words !== undefined && sentences.some((sentence) => words.test(sentence) && !NEGATION.test(sentence))) {
      notes.push(`The model's text mentions ${action}, which the assessment forbids here. Do not do it.`);
    }
  }
  return notes;
}

/** A text that names the verdict may well call the other GPUs healthy. */
function namesVerdict(text: string, assessment: AssessmentResult): boolean {
  return (
    text.toLowerCase().includes(assessment.verdict) || text.toLowerCase().includes(assessment.verdict.replace("_", " "))
  );
}
