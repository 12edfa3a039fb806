import { ServiceError } from "../../../lib/errors.ts";
import { type EscalationPolicy, type ScheduledStep, scheduleOf } from "./policy.ts";
import type { AlertStatus } from "./status.ts";

/** Where one alert stands. `nextStepAtMs` is set only while the alert is open, unhidden and has steps left. */
export interface AlertState {
  readonly status: AlertStatus;
  /** Counts escalations: a wake-up, a reopening or a worse severity begins the next one. */
  readonly cycle: number;
  /** Steps already run in this escalation, which is the position of the next one. */
  readonly cursor: number;
  readonly nextStepAtMs: number | null;
  readonly snoozedUntilMs: number | null;
  /** Another alert explains this one, so nobody is told about it. */
  readonly isInhibited: boolean;
}

export type AlertCommand =
  | { readonly type: "acknowledge" }
  | { readonly type: "snooze"; readonly untilMs: number }
  | { readonly type: "close" }
  /** The snooze is over. */
  | { readonly type: "wake" }
  /** The same fault was seen again. */
  | { readonly type: "repeat" }
  /** The same fault was seen again with a higher severity: what was acknowledged was the lesser one. */
  | { readonly type: "worsen" }
  | { readonly type: "inhibit" }
  | { readonly type: "release" };

type CommandType = AlertCommand["type"];

/** The whole machine: from a status, by a command, to a status. `refused` is a conflict told to the caller. */
const TRANSITIONS: Readonly<Record<AlertStatus, Readonly<Record<CommandType, AlertStatus | "refused">>>> = {
  open: {
    acknowledge: "acknowledged",
    snooze: "snoozed",
    close: "closed",
    wake: "open",
    repeat: "open",
    worsen: "open",
    inhibit: "open",
    release: "open",
  },
  acknowledged: {
    acknowledge: "acknowledged",
    snooze: "snoozed",
    close: "closed",
    wake: "acknowledged",
    repeat: "acknowledged",
    worsen: "open",
    inhibit: "acknowledged",
    release: "acknowledged",
  },
  snoozed: {
    acknowledge: "acknowledged",
    snooze: "snoozed",
    close: "closed",
    wake: "open",
    repeat: "snoozed",
    worsen: "open",
    inhibit: "snoozed",
    release: "snoozed",
  },
  closed: {
    acknowledge: "refused",
    snooze: "refused",
    close: "closed",
    wake: "closed",
    repeat: "open",
    worsen: "open",
    inhibit: "closed",
    release: "closed",
  },
};

/**
 * A step that runs this much late moves the rest of the escalation with it. After an outage of the service every level
 * then still has its time to answer, and the steps missed meanwhile do not all go out in one burst.
 */
export const LATE_GRACE_MS = 60_000;

/** The first state of an alert; `isInhibited` keeps it silent. */
export function startAlert(policy: EscalationPolicy, nowMs: number, isInhibited: boolean): AlertState {
  return begin({ policy, nowMs, cycle: 0, isInhibited });
}

/** Throws ServiceError `conflict` for a command the status does not allow. Repeating a command changes nothing. */
export function applyCommand(
  state: AlertState,
  command: AlertCommand,
  policy: EscalationPolicy,
  nowMs: number,
): AlertState {
  const status = TRANSITIONS[state.status][command.type];
  if (status === "refused") {
    throw new ServiceError("conflict", `the alert is ${state.status}; ${command.type} needs one that is not closed`);
  }
  const isInhibited =
    command.type === "inhibit" ? true : command.type === "release" ? false : status !== "closed" && state.isInhibited;
  if (status === "open") {
    const isBeginning =
      state.status !== "open" || command.type === "worsen" || (command.type === "release" && state.isInhibited);
    if (isBeginning) return begin({ policy, nowMs, cycle: state.cycle + 1, isInhibited });
    return { ...state, isInhibited, nextStepAtMs: isInhibited ? null : state.nextStepAtMs };
  }
  return {
    ...state,
    status,
    isInhibited,
    nextStepAtMs: null,
    snoozedUntilMs: command.type === "snooze" ? command.untilMs : status === "snoozed" ? state.snoozedUntilMs : null,
  };
}

/** True when notifications that wait in the outbox belong to an escalation that is over and must not go out any more. */
export function cancelsQueued(before: AlertState, after: AlertState): boolean {
  return after.status !== "open" || after.isInhibited || after.cycle !== before.cycle;
}

/** The step that is due at `nowMs` and the state after it; without one `step` is absent and the state unchanged. */
export function takeDueStep(
  state: AlertState,
  policy: EscalationPolicy,
  nowMs: number,
): { readonly state: AlertState; readonly step?: ScheduledStep } {
  const dueMs = state.nextStepAtMs;
  if (state.status !== "open" || state.isInhibited || dueMs === null || dueMs > nowMs) return { state };
  const schedule = scheduleOf(policy);
  const step = schedule[state.cursor];
  if (step === undefined) return { state: { ...state, nextStepAtMs: null } };
  const following = schedule[state.cursor + 1];
  const anchorMs = nowMs - dueMs > LATE_GRACE_MS ? nowMs : dueMs;
  const nextStepAtMs = following === undefined ? null : anchorMs + (following.offsetMs - step.offsetMs);
  return { state: { ...state, cursor: state.cursor + 1, nextStepAtMs }, step };
}

function begin(options: { policy: EscalationPolicy; nowMs: number; cycle: number; isInhibited: boolean }): AlertState {
  const first = scheduleOf(options.policy)[0];
  return {
    status: "open",
    cycle: options.cycle,
    cursor: 0,
    nextStepAtMs: options.isInhibited || first === undefined ? null : options.nowMs + first.offsetMs,
    snoozedUntilMs: null,
    isInhibited: options.isInhibited,
  };
}
