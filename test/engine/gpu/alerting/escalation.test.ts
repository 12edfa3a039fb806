import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  type AlertCommand,
  type AlertState,
  LATE_GRACE_MS,
  applyCommand,
  cancelsQueued,
  startAlert,
  takeDueStep,
} from "../../../../engine/gpu/alerting/escalation.ts";
import { EscalationPolicies, EscalationPolicy, scheduleOf } from "../../../../engine/gpu/alerting/policy.ts";
import type { AlertStatus } from "../../../../engine/gpu/alerting/status.ts";
import { ServiceError } from "../../../../lib/errors.ts";
import seeds from "../../../../seeds/alert-policies.json" with { type: "json" };

const MINUTE_MS = 60_000;
const policies = EscalationPolicies.parse(seeds.policies);
const CRITICAL = policyOf("critical");

function policyOf(severity: string): EscalationPolicy {
  const policy = policies.find((candidate) => candidate.severity === severity);
  if (policy === undefined) throw new Error(severity);
  return policy;
}

/** Every step of a policy as minutes and role, when time runs on without gaps. */
function timeline(policy: EscalationPolicy, tickMs: number, untilMs: number): string[] {
  let state = startAlert(policy, 0, false);
  const steps: string[] = [];
  for (let nowMs = 0; nowMs <= untilMs; nowMs += tickMs) {
    const taken = takeDueStep(state, policy, nowMs);
    state = taken.state;
    if (taken.step !== undefined) steps.push(`${nowMs / MINUTE_MS} ${taken.step.role}`);
  }
  return steps;
}

describe("the shipped policies", () => {
  it("have the names, the notify lists and the response times operators know", () => {
    expect(
      policies.map(({ severity, name, notify, response_minutes: minutes }) => [severity, name, notify, minutes]),
    ).toEqual([
      ["critical", "gpu-critical-oncall", ["#gpu-incidents", "PagerDuty"], 15],
      ["warning", "gpu-warning-review", ["#gpu-warnings"], 60],
      ["info", "gpu-info-log", ["#gpu-monitoring"], 480],
    ]);
  });

  it("critical tells on-call at once, secondary after 5 and manager after 15 minutes, and repeats three times", () => {
    const round = (start: number) => [`${start} on-call`, `${start + 5} secondary`, `${start + 15} manager`];
    expect(timeline(CRITICAL, MINUTE_MS / 2, 600 * MINUTE_MS)).toEqual([0, 30, 60, 90].flatMap(round));
  });

  it("warning tells the channel and after 30 minutes on-call; info is recorded once", () => {
    expect(timeline(policyOf("warning"), MINUTE_MS, 600 * MINUTE_MS)).toEqual(["0 channel", "30 on-call"]);
    expect(timeline(policyOf("info"), MINUTE_MS, 600 * MINUTE_MS)).toEqual(["0 log"]);
    expect(policyOf("info").steps[0]?.channels).not.toContain("webhook");
  });

  it("are refused when a severity is missing or steps go back in time", () => {
    expect(EscalationPolicies.safeParse(seeds.policies.slice(1)).success).toBe(false);
    expect(EscalationPolicies.safeParse([...seeds.policies, seeds.policies[0]]).success).toBe(false);
    const steps = [...CRITICAL.steps].reverse();
    expect(EscalationPolicy.safeParse({ ...CRITICAL, steps }).success).toBe(false);
  });
});

describe("takeDueStep", () => {
  it("keeps the grid when it is called a little late, so that delays do not add up", () => {
    const first = takeDueStep(startAlert(CRITICAL, 0, false), CRITICAL, LATE_GRACE_MS);
    expect(first.state.nextStepAtMs).toBe(5 * MINUTE_MS);
  });

  it("after an outage runs one step and gives each further level its full time again", () => {
    let state = takeDueStep(startAlert(CRITICAL, 0, false), CRITICAL, 0).state;
    const backMs = 300 * MINUTE_MS;
    const late = takeDueStep(state, CRITICAL, backMs);
    expect(late.step?.role).toBe("secondary");
    state = late.state;
    expect(takeDueStep(state, CRITICAL, backMs).step).toBeUndefined();
    expect(state.nextStepAtMs).toBe(backMs + 10 * MINUTE_MS);
  });

  it("ends quietly when the policy has become shorter than the alert's position", () => {
    const state: AlertState = { ...startAlert(CRITICAL, 0, false), cursor: 99 };
    expect(takeDueStep(state, CRITICAL, 0)).toEqual({ state: { ...state, nextStepAtMs: null } });
  });
});

describe("applyCommand", () => {
  const at: Readonly<Record<AlertStatus, AlertState>> = {
    open: startAlert(CRITICAL, 0, false),
    acknowledged: applyCommand(startAlert(CRITICAL, 0, false), { type: "acknowledge" }, CRITICAL, 0),
    snoozed: applyCommand(startAlert(CRITICAL, 0, false), { type: "snooze", untilMs: 5 }, CRITICAL, 0),
    closed: applyCommand(startAlert(CRITICAL, 0, false), { type: "close" }, CRITICAL, 0),
  };
  const commands: readonly AlertCommand[] = [
    { type: "acknowledge" },
    { type: "snooze", untilMs: 9 },
    { type: "close" },
    { type: "wake" },
    { type: "repeat" },
    { type: "worsen" },
    { type: "inhibit" },
    { type: "release" },
  ];
  const expected: Readonly<Record<AlertStatus, readonly string[]>> = {
    open: ["acknowledged", "snoozed", "closed", "open", "open", "open", "open", "open"],
    acknowledged: [
      "acknowledged",
      "snoozed",
      "closed",
      "acknowledged",
      "acknowledged",
      "open",
      "acknowledged",
      "acknowledged",
    ],
    snoozed: ["acknowledged", "snoozed", "closed", "open", "snoozed", "open", "snoozed", "snoozed"],
    closed: ["conflict", "conflict", "closed", "closed", "open", "open", "closed", "closed"],
  };

  it.each(Object.keys(at) as AlertStatus[])("leads from %s where the table says", (status) => {
    const reached = commands.map((command) => {
      try {
        return applyCommand(at[status], command, CRITICAL, 7).status;
      } catch (error) {
        return error instanceof ServiceError ? error.code : String(error);
      }
    });
    expect(reached).toEqual(expected[status]);
  });

  it("starts the escalation anew on wake, reopening and a worse severity, and only then", () => {
    const cycles = (status: AlertStatus, command: AlertCommand) =>
      applyCommand(at[status], command, CRITICAL, 7).cycle - at[status].cycle;
    expect(cycles("snoozed", { type: "wake" })).toBe(1);
    expect(cycles("closed", { type: "repeat" })).toBe(1);
    expect(cycles("open", { type: "worsen" })).toBe(1);
    expect(cycles("open", { type: "repeat" })).toBe(0);
    expect(cycles("open", { type: "release" })).toBe(0);
    expect(cycles("acknowledged", { type: "repeat" })).toBe(0);
  });

  it("silences a hidden alert and starts it when it is released", () => {
    const hidden = applyCommand(at.open, { type: "inhibit" }, CRITICAL, 7);
    expect(hidden).toMatchObject({ status: "open", isInhibited: true, nextStepAtMs: null });
    expect(takeDueStep(hidden, CRITICAL, 1e9).step).toBeUndefined();
    expect(applyCommand(hidden, { type: "release" }, CRITICAL, 8)).toMatchObject({
      isInhibited: false,
      nextStepAtMs: 8,
    });
  });
});

/** Random commands and waits; time only goes forward. */
const move = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 40 * MINUTE_MS }).map((ms) => ({ type: "wait" as const, ms })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("acknowledge", "close", "repeat", "worsen", "inhibit", "release")
      .map((type) => ({ type })),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }).map((minutes) => ({ type: "snooze" as const, minutes })) },
);

describe("any history of an alert", () => {
  it("never tells anybody while acknowledged, snoozed, closed or hidden, loses no step and runs none twice", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), fc.constantFrom(...policies), (moves, policy) => {
        const schedule = scheduleOf(policy);
        let nowMs = 0;
        let state = startAlert(policy, nowMs, false);
        let ran: number[] = [];
        const tick = (): void => {
          if (state.status === "snoozed" && (state.snoozedUntilMs ?? 0) <= nowMs) change({ type: "wake" });
          const before = state;
          const taken = takeDueStep(state, policy, nowMs);
          state = taken.state;
          if (taken.step === undefined) return;
          expect(before.status).toBe("open");
          expect(before.isInhibited).toBe(false);
          expect(before.nextStepAtMs).toBeLessThanOrEqual(nowMs);
          ran.push(taken.step.cursor);
        };
        const change = (command: AlertCommand): void => {
          const before = state;
          if (before.status === "closed" && (command.type === "acknowledge" || command.type === "snooze")) return;
          state = applyCommand(before, command, policy, nowMs);
          if (state.cycle !== before.cycle) ran = [];
          if (state.status !== "open" || state.isInhibited) {
            expect(state.nextStepAtMs).toBeNull();
            expect(cancelsQueued(before, state)).toBe(true);
          }
        };
        for (const one of moves) {
          if (one.type === "wait") nowMs += "ms" in one ? one.ms : 0;
          else if ("minutes" in one) change({ type: "snooze", untilMs: nowMs + one.minutes * MINUTE_MS });
          else change({ type: one.type as "close" });
          tick();
          // Within one escalation the steps come in order, from the first, without gaps.
          expect(ran).toEqual(schedule.slice(0, ran.length).map(({ cursor }) => cursor));
          expect(state.cursor).toBe(ran.length);
          // An open alert either has a next step or has run them all.
          if (state.status === "open" && !state.isInhibited) {
            expect(state.nextStepAtMs === null).toBe(ran.length === schedule.length);
          }
        }
      }),
      { seed: 20_260_115, numRuns: 400 },
    );
  });
});
