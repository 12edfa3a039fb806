import type { AlertFilter } from "./alert.ts";
import type { AlertDatabase } from "./alert-database.ts";
import { ALERT_COLUMNS, type AlertRow, type HistoryRow } from "./alert-rows.ts";

const LIST_LIMIT = { default: 50, max: 500 } as const;

/** The statements over `alerts` and `history`, one method each; the caller holds the transaction. */
export interface AlertStore {
  get(id: string): AlertRow | undefined;
  /** The one alert of this fault that is not closed. */
  live(fingerprint: string): AlertRow | undefined;
  /** The alert of this fault closed last, when that was not before `sinceMs`. */
  closedSince(fingerprint: string, sinceMs: number): AlertRow | undefined;
  liveOnNode(node: string): readonly AlertRow[];
  inhibitedBy(id: string): readonly AlertRow[];
  list(filter: AlertFilter): { rows: readonly AlertRow[]; total: number };
  /** Snoozed ones whose time is over and open ones with a due step, earliest first. */
  due(nowMs: number, limit: number): readonly AlertRow[];
  nextDueAtMs(): number | undefined;
  save(row: AlertRow): void;
  deleteClosedBefore(ms: number): number;
  addHistory(alertId: string, entry: HistoryRow): void;
  history(alertId: string): readonly HistoryRow[];
}

export function createAlertStore({ sqlite }: AlertDatabase): AlertStore {
  const selectOne = sqlite.prepare<[string], AlertRow>("SELECT * FROM alerts WHERE id = ?");
  const selectLive = sqlite.prepare<[string], AlertRow>(
    "SELECT * FROM alerts WHERE fingerprint = ? AND status <> 'closed'",
  );
  const selectClosed = sqlite.prepare<[string, number], AlertRow>(
    "SELECT * FROM alerts WHERE fingerprint = ? AND status = 'closed' AND closed_at_ms >= ? ORDER BY closed_at_ms DESC LIMIT 1",
  );
  const selectNode = sqlite.prepare<[string], AlertRow>("SELECT * FROM alerts WHERE node = ? AND status <> 'closed'");
  const selectInhibited = sqlite.prepare<[string], AlertRow>(
    "SELECT * FROM alerts WHERE inhibited_by = ? AND status <> 'closed'",
  );
  const selectDue = sqlite.prepare<unknown[], AlertRow>(`
    SELECT * FROM alerts WHERE (next_step_at_ms IS NOT NULL AND next_step_at_ms <= @nowMs)
      OR (snoozed_until_ms IS NOT NULL AND snoozed_until_ms <= @nowMs)
    ORDER BY COALESCE(next_step_at_ms, snoozed_until_ms), id LIMIT @limit`);
  const selectNextStep = sqlite.prepare<[], { due: number | null }>(
    "SELECT MIN(next_step_at_ms) AS due FROM alerts WHERE next_step_at_ms IS NOT NULL",
  );
  const selectNextWake = sqlite.prepare<[], { due: number | null }>(
    "SELECT MIN(snoozed_until_ms) AS due FROM alerts WHERE snoozed_until_ms IS NOT NULL",
  );
  const upsert = sqlite.prepare(`
    INSERT INTO alerts (${ALERT_COLUMNS.join(", ")}) VALUES (${ALERT_COLUMNS.map((name) => `@${name}`).join(", ")})
    ON CONFLICT (id) DO UPDATE SET ${ALERT_COLUMNS.map((name) => `${name} = excluded.${name}`).join(", ")}`);
  const deleteClosed = sqlite.prepare("DELETE FROM alerts WHERE status = 'closed' AND closed_at_ms < ?");
  const insertHistory = sqlite.prepare(
    "INSERT INTO history (alert_id, at_ms, what, actor, reason) VALUES (@alertId, @at_ms, @what, @actor, @reason)",
  );
  const selectHistory = sqlite.prepare<[string], HistoryRow>("SELECT * FROM history WHERE alert_id = ? ORDER BY rowid");

  return {
    get: (id) => selectOne.get(id),
    live: (fingerprint) => selectLive.get(fingerprint),
    closedSince: (fingerprint, sinceMs) => selectClosed.get(fingerprint, sinceMs),
    liveOnNode: (node) => selectNode.all(node),
    inhibitedBy: (id) => selectInhibited.all(id),
    list(filter) {
      const conditions = (["status", "severity", "node", "gpu"] as const).filter((name) => filter[name] !== undefined);
      const where =
        conditions.length === 0 ? "" : `WHERE ${conditions.map((name) => `${name} = @${name}`).join(" AND ")}`;
      const values = Object.fromEntries(conditions.map((name) => [name, filter[name]]));
      const limit = Math.min(Math.max(1, filter.limit ?? LIST_LIMIT.default), LIST_LIMIT.max);
      const rows = sqlite
        .prepare<unknown[], AlertRow>(
          `SELECT * FROM alerts ${where} ORDER BY last_seen_ms DESC, id LIMIT @limit OFFSET @offset`,
        )
        .all({ ...values, limit, offset: Math.max(0, filter.offset ?? 0) });
      const count = sqlite
        .prepare<unknown[], { total: number }>(`SELECT COUNT(*) AS total FROM alerts ${where}`)
        .get(values);
      return { rows, total: count?.total ?? 0 };
    },
    due: (nowMs, limit) => selectDue.all({ nowMs, limit }),
    nextDueAtMs() {
      const times = [selectNextStep.get()?.due, selectNextWake.get()?.due].filter((due) => typeof due === "number");
      return times.length === 0 ? undefined : Math.min(...times);
    },
    save: (row) => void upsert.run(row),
    deleteClosedBefore: (ms) => deleteClosed.run(ms).changes,
    addHistory: (alertId, entry) => void insertHistory.run({ alertId, ...entry }),
    history: (alertId) => selectHistory.all(alertId),
  };
}
