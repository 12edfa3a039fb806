import { z } from "zod";

/** Life of an alert. The way between them is the table in escalation.ts. */
export const AlertStatus = z.enum(["open", "acknowledged", "snoozed", "closed"]);
export type AlertStatus = z.infer<typeof AlertStatus>;

/** P1 stops jobs on several GPUs or endangers data, P2 one GPU is unusable, P3 degraded, P4 watch, P5 for the record. */
export const AlertPriority = z.enum(["P1", "P2", "P3", "P4", "P5"]);
export type AlertPriority = z.infer<typeof AlertPriority>;
