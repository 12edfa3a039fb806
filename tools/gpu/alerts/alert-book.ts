import {
  type AlertCommand,
  applyCommand,
  cancelsQueued,
  startAlert,
  takeDueStep,
} from "../../../engine/gpu/alerting/escalation.ts";
import { inhibits } from "../../../engine/gpu/alerting/inhibition.ts";
import type { EscalationPolicy } from "../../../engine/gpu/alerting/policy.ts";
import { alertPriority } from "../../../engine/gpu/alerting/priority.ts";
import { SEVERITY_RANK } from "../../../engine/gpu/vocabulary.ts";
import type { Clock } from "../../../lib/clock.ts";
import { ServiceError } from "../../../lib/errors.ts";
import { newUuid } from "../../../lib/ids.ts";
import { type Random, systemRandom } from "../../../lib/random.ts";
import type { Alert, AlertBook, AlertHistoryEntry, Notification, RaiseAlert, RaisedAlert } from "./alert.ts";
import { type AlertDatabase, openAlertDatabase } from "./alert-database.ts";
import { type AlertRow, readList, stateOf, toAlert, toHistoryEntry } from "./alert-rows.ts";
import { createAlertStore } from "./alert-store.ts";
import { type Identity, closedAt, contentOf, gather, identify, withState } from "./fault-row.ts";
import { type Outbox, createOutbox } from "./outbox.ts";

/** A fault that comes back within this time after its alert was closed reopens the same alert. */
export const FLAP_WINDOW_MS = 30 * 60_000;
export const MAX_SNOOZE_MS = 30 * 24 * 60 * 60_000;
/** Closed alerts are kept this long. */
export const KEEP_CLOSED_MS = 90 * 24 * 60 * 60_000;

export interface AlertBookOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  readonly clock: Clock;
  readonly policies: readonly EscalationPolicy[];
  /** Names of the configured channels; a step is queued for those of its channels that are among them. */
  readonly channels: readonly string[];
  /** Spreads the retries of the outbox. */
  readonly random?: Random;
  /** An open connection to use in place of a new one to `path`; the book closes it. */
  readonly database?: AlertDatabase;
}

/** The alert book with what the escalator and the dispatcher need of it. */
export interface StoredAlertBook extends AlertBook {
  readonly outbox: Outbox;
  history(id: string): readonly AlertHistoryEntry[];
  /** Wakes alerts whose snooze is over and runs due steps, one for each of at most `limit` alerts. */
  advance(limit: number): { readonly woken: number; readonly stepsRun: number };
  /** When `advance` has something to do next. */
  nextDueAtMs(): number | undefined;
  /** Deletes what was closed more than `KEEP_CLOSED_MS` ago and answers how many that were. */
  prune(): number;
  /** Releases the file; the book cannot be used afterwards. */
  dispose(): void;
}

/** Opens the book. Throws `storage_failed` with the path and the remedy, here and from every method. */
export function createAlertBook(options: AlertBookOptions): StoredAlertBook {
  const { clock, policies, channels } = options;
  const database = options.database ?? openAlertDatabase(options.path);
  const store = createAlertStore(database);
  const outbox = createOutbox({ database, random: options.random ?? systemRandom });

  function policyFor(severity: Alert["severity"]): EscalationPolicy {
    const policy = policies.find((candidate) => candidate.severity === severity);
    if (policy === undefined) throw new Error(`no alert policy for severity ${severity}`);
    return policy;
  }

  const present = (row: AlertRow): Alert => toAlert(row, policyFor(row.severity));

  function mustGet(id: string): AlertRow {
    const row = store.get(id);
    if (row === undefined) throw new ServiceError("alert_not_found", `no alert ${JSON.stringify(id)}`);
    return row;
  }

  function note(id: string, what: AlertHistoryEntry["what"], by?: string, reason?: string): void {
    store.addHistory(id, { at_ms: clock.now(), what, actor: by ?? null, reason: reason ?? null });
  }

  /** Queues the step that is due, if one is, and answers the row as it is to be saved. */
  function runDueStep(row: AlertRow): { readonly row: AlertRow; readonly hasRun: boolean } {
    const nowMs = clock.now();
    const { state, step } = takeDueStep(stateOf(row), policyFor(row.severity), nowMs);
    for (const channel of step === undefined ? [] : step.channels.filter((name) => channels.includes(name))) {
      outbox.enqueue(
        {
          alertId: row.id,
          idempotencyKey: `${row.id}:${row.cycle}:${step?.cursor ?? 0}:${channel}`,
          channel,
          recipient: `${step?.role ?? ""}: ${step?.recipients.join(", ") ?? ""}`,
          step: step?.index ?? 0,
        },
        nowMs,
      );
    }
    return { row: withState(row, state), hasRun: step !== undefined };
  }

  /** Applies the command, cancels what it ends, runs a step that is due at once, and saves. */
  function change(row: AlertRow, command: AlertCommand, also: Partial<AlertRow> = {}): AlertRow {
    const nowMs = clock.now();
    const changed = { ...row, ...also };
    // What explains an alert may be another one by the time it is reopened.
    const before = stateOf(row.status === "closed" ? { ...row, inhibited_by: changed.inhibited_by } : row);
    const after = applyCommand(before, command, policyFor(changed.severity), nowMs);
    const saved = withState({ ...changed, closed_at_ms: closedAt(row, after, nowMs) }, after);
    store.save(saved);
    if (cancelsQueued(before, after)) outbox.cancelQueued(row.id, `${command.type} before it was sent`, nowMs);
    const { row: advanced, hasRun } = runDueStep(saved);
    if (hasRun) store.save(advanced);
    return advanced;
  }

  function causeOf(row: Pick<AlertRow, "id" | "node" | "gpu" | "component" | "rule">): string | null {
    return store.liveOnNode(row.node).find((other) => other.id !== row.id && inhibits(other, row))?.id ?? null;
  }

  /** Hides what `row` explains. */
  function hideEffects(row: AlertRow): void {
    for (const other of store.liveOnNode(row.node)) {
      if (other.id === row.id || other.inhibited_by !== null || !inhibits(row, other)) continue;
      change(other, { type: "inhibit" }, { inhibited_by: row.id });
      note(other.id, "inhibited", undefined, row.id);
    }
  }

  /** Brings back what `closed` explained, unless another open alert explains it too. */
  function releaseEffects(closed: AlertRow): void {
    for (const other of store.inhibitedBy(closed.id)) {
      const cause = causeOf(other);
      if (cause !== null) store.save({ ...other, inhibited_by: cause });
      else {
        change(other, { type: "release" }, { inhibited_by: null });
        note(other.id, "released", undefined, closed.id);
      }
    }
  }

  function create(fault: RaiseAlert, identity: Identity): AlertRow {
    const nowMs = clock.now();
    const base = { ...identity, ...contentOf(fault, priorityOf(fault, identity)), id: freshId() };
    const inhibitedBy = causeOf(base);
    const row: AlertRow = withState(
      {
        ...base,
        status: "open",
        cycle: 0,
        step_cursor: 0,
        next_step_at_ms: null,
        snoozed_until_ms: null,
        inhibited_by: inhibitedBy,
        first_seen_ms: nowMs,
        last_seen_ms: nowMs,
        closed_at_ms: null,
        count: 1,
        evidence: gather([], fault.evidence),
        incident_ids: gather([], fault.incidentIds),
        owner: null,
        thread_id: fault.threadId ?? null,
        is_simulated: fault.isSimulated ? 1 : 0,
      },
      startAlert(policyFor(fault.severity), nowMs, inhibitedBy !== null),
    );
    store.save(row);
    note(row.id, "created");
    if (inhibitedBy !== null) note(row.id, "inhibited", undefined, inhibitedBy);
    const { row: advanced } = runDueStep(row);
    store.save(advanced);
    return advanced;
  }

  /** What is worse or comes back replaces the text; a mere repeat only counts and adds its evidence. */
  function seeAgain(row: AlertRow, fault: RaiseAlert, identity: Identity): AlertRow {
    const isReopening = row.status === "closed";
    const isWorse = SEVERITY_RANK[fault.severity] > SEVERITY_RANK[row.severity];
    const isFresh = isReopening || isWorse;
    const changed = change(
      row,
      { type: isWorse ? "worsen" : "repeat" },
      {
        ...(isFresh ? contentOf(fault, priorityOf(fault, identity)) : {}),
        ...(isReopening ? { inhibited_by: causeOf(row) } : {}),
        last_seen_ms: clock.now(),
        count: row.count + 1,
        evidence: gather(readList(row.evidence), fault.evidence),
        incident_ids: gather(readList(row.incident_ids), fault.incidentIds),
        thread_id: fault.threadId ?? row.thread_id,
        // One real sighting makes the alert real.
        is_simulated: fault.isSimulated ? row.is_simulated : 0,
      },
    );
    if (isFresh) note(row.id, isReopening ? "reopened" : "worsened");
    return changed;
  }

  function priorityOf(fault: RaiseAlert, identity: Identity): Alert["priority"] {
    if (fault.priority !== undefined) return fault.priority;
    const gpus = new Set(
      store
        .liveOnNode(identity.node)
        .filter((other) => other.rule !== null && other.rule === identity.rule && other.gpu !== null)
        .map((other) => other.gpu),
    );
    if (identity.gpu !== null) gpus.add(identity.gpu);
    return alertPriority({
      severity: fault.severity,
      component: identity.component ?? undefined,
      rule: identity.rule ?? undefined,
      gpuCount: gpus.size,
    });
  }

  /** Eight hex digits repeat after some ten thousand alerts, so a taken id is drawn again. */
  function freshId(): string {
    for (;;) {
      const id = `NEMOPS-${newUuid().slice(0, 8).toUpperCase()}`;
      if (store.get(id) === undefined) return id;
    }
  }

  function notificationsOf(row: AlertRow): readonly Notification[] {
    return outbox.list(row.id);
  }

  return {
    outbox,
    raise(fault): RaisedAlert {
      const identity = identify(fault);
      return database.write(() => {
        const known =
          store.live(identity.fingerprint) ?? store.closedSince(identity.fingerprint, clock.now() - FLAP_WINDOW_MS);
        const row = known === undefined ? create(fault, identity) : seeAgain(known, fault, identity);
        hideEffects(row);
        const outcome = known === undefined ? "created" : known.status === "closed" ? "reopened" : "deduplicated";
        return { alert: present(row), outcome, notifications: notificationsOf(row) };
      });
    },
    get: (id) => database.read(() => present(mustGet(id))),
    list(filter = {}) {
      const { rows, total } = database.read(() => store.list(filter));
      return { alerts: rows.map(present), total };
    },
    notifications: (id) => database.read(() => notificationsOf(mustGet(id))),
    history: (id) => database.read(() => store.history(mustGet(id).id).map(toHistoryEntry)),
    acknowledge: (id, by) =>
      database.write(() => {
        const row = mustGet(id);
        const changed = change(row, { type: "acknowledge" }, { owner: by ?? row.owner });
        if (row.status !== "acknowledged") note(id, "acknowledged", by);
        return present(changed);
      }),
    snooze(id, untilMs, by) {
      const nowMs = clock.now();
      if (!Number.isFinite(untilMs) || untilMs <= nowMs || untilMs > nowMs + MAX_SNOOZE_MS) {
        throw new ServiceError("invalid_input", "an alert can be snoozed until a time in the next 30 days");
      }
      return database.write(() => {
        const row = mustGet(id);
        const changed = change(row, { type: "snooze", untilMs }, { owner: by ?? row.owner });
        note(id, "snoozed", by);
        return present(changed);
      });
    },
    close: (id, by, reason) =>
      database.write(() => {
        const row = mustGet(id);
        const changed = change(row, { type: "close" }, { owner: by ?? row.owner, inhibited_by: null });
        if (row.status !== "closed") {
          note(id, "closed", by, reason);
          releaseEffects(row);
        }
        return present(changed);
      }),
    advance: (limit) =>
      database.write(() => {
        let woken = 0;
        let stepsRun = 0;
        for (const row of store.due(clock.now(), limit)) {
          if (row.status === "snoozed") {
            const cursor = change(row, { type: "wake" }).step_cursor;
            note(row.id, "woken");
            woken += 1;
            stepsRun += cursor;
            continue;
          }
          const { row: advanced, hasRun } = runDueStep(row);
          store.save(advanced);
          stepsRun += hasRun ? 1 : 0;
        }
        return { woken, stepsRun };
      }),
    nextDueAtMs: () => database.read(() => store.nextDueAtMs()),
    prune: () => database.write(() => store.deleteClosedBefore(clock.now() - KEEP_CLOSED_MS)),
    dispose: () => database.close(),
  };
}
