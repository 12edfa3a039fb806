import { z } from "zod";

import type { CommandTarget } from "./target.ts";

/** The order of a plan: know first, keep work away, mend, check, give back. */
export const RemediationPhase = z.enum(["evidence", "isolate", "recover", "verify", "return"]);
export type RemediationPhase = z.infer<typeof RemediationPhase>;

/** `read` changes nothing; `low` can be undone and touches one thing; `high` stops work or cannot be undone. */
export const RemediationRisk = z.enum(["read", "low", "high"]);
export type RemediationRisk = z.infer<typeof RemediationRisk>;

/** One thing that can be done, with everything an operator must know to decide on it. */
export interface Operation {
  readonly phase: RemediationPhase;
  readonly risk: RemediationRisk;
  readonly title: string;
  /** Absent for work of people. */
  readonly command?: (target: CommandTarget) => string;
  /** The same with other tools, for example Slurm in place of Kubernetes. */
  readonly alternatives?: (target: CommandTarget) => readonly string[];
  readonly precondition: string;
  readonly expectedEffect: string;
  readonly verification: string;
  readonly rollback: string;
  /** Operations without which this one would do harm: when one of them is forbidden, so is this. */
  readonly needs?: readonly string[];
}

/** What a reading operation has in common. */
export const READING = {
  risk: "read",
  precondition: "None; it only reads.",
  rollback: "Nothing to undo.",
} as const;
