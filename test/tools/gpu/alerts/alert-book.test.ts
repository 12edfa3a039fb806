import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, describe, expect, it } from "vitest";

import type { RaiseAlert } from "../../../../tools/gpu/alerts/alert.ts";
import {
  FLAP_WINDOW_MS,
  KEEP_CLOSED_MS,
  MAX_SNOOZE_MS,
  type StoredAlertBook,
  createAlertBook,
} from "../../../../tools/gpu/alerts/alert-book.ts";
import { openAlertDatabase } from "../../../../tools/gpu/alerts/alert-database.ts";
import { seedPolicies } from "../../../../tools/gpu/alerts/policies.ts";
import { MINUTE_MS, createManualClock } from "../../../support/manual-clock.ts";

const CHANNELS = ["log", "webhook"];
const opened: StoredAlertBook[] = [];
const folders: string[] = [];

afterEach(() => {
  for (const book of opened.splice(0)) book.dispose();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function temporaryFile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "nemops-alerts-"));
  folders.push(folder);
  return path.join(folder, "alerts.sqlite");
}

function setUp(file = ":memory:", clock = createManualClock()) {
  const book = createAlertBook({ path: file, clock, policies: seedPolicies(), channels: CHANNELS, random: () => 0.5 });
  opened.push(book);
  return { book, clock };
}

const LOST: RaiseAlert = {
  severity: "critical",
  title: "GPU 3 fell off the bus",
  analysis: "XID 79 at 12:00.",
  remediationSteps: ["cordon the node", "power-cycle it"],
  node: "node-1",
  gpu: 3,
  component: "pcie",
  rule: "xid.79",
  evidence: ["line 4: NVRM: Xid (PCI:0000:3b:00): 79"],
  isSimulated: false,
};
const HOT: RaiseAlert = {
  ...LOST,
  severity: "warning",
  title: "GPU 3 is hot",
  component: "thermal",
  rule: "thermal.slowdown",
};

function failureOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

const failing = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) as string });

describe("raise", () => {
  it("writes a new alert under its policy and queues the first step for each configured channel of it", () => {
    const { book } = setUp();
    const { alert, outcome, notifications } = book.raise(LOST);
    expect(outcome).toBe("created");
    expect(alert.alert_id).toMatch(/^NEMOPS-[0-9A-F]{8}$/);
    expect(alert).toMatchObject({
      fingerprint: "node-1/pcie/xid.79/gpu3",
      status: "open",
      count: 1,
      priority: "P2",
      source: "nemops-agent",
      timestamp: "2026-01-15T12:00:00.000Z",
      escalation: {
        policy: "gpu-critical-oncall",
        notify: ["#gpu-incidents", "PagerDuty"],
        response_sla_minutes: 15,
        next_step_at: "2026-01-15T12:05:00.000Z",
        step: 1,
      },
    });
    expect(notifications.map(({ channel, recipient, status }) => ({ channel, recipient, status }))).toEqual([
      { channel: "log", recipient: "on-call: #gpu-incidents, PagerDuty", status: "queued" },
      { channel: "webhook", recipient: "on-call: #gpu-incidents, PagerDuty", status: "queued" },
    ]);
  });

  it("counts the same fault instead of raising it twice, and gathers its evidence", () => {
    const { book, clock } = setUp();
    const first = book.raise(LOST);
    clock.jump(MINUTE_MS);
    const second = book.raise({ ...LOST, title: "GPU 3 gone", evidence: ["line 9: again"] });
    expect(second.outcome).toBe("deduplicated");
    expect(second.alert).toMatchObject({
      alert_id: first.alert.alert_id,
      title: LOST.title,
      count: 2,
      timestamp: "2026-01-15T12:00:00.000Z",
      last_seen: "2026-01-15T12:01:00.000Z",
      evidence: ["line 9: again", ...(LOST.evidence ?? [])],
    });
    expect(second.notifications).toHaveLength(2);
    expect(book.list().total).toBe(1);
  });

  it("keeps faults apart that differ in node, rule or GPU", () => {
    const { book } = setUp();
    for (const fault of [LOST, { ...LOST, node: "node-2" }, { ...LOST, gpu: 2 }, { ...LOST, rule: "xid.119" }]) {
      expect(book.raise(fault).outcome).toBe("created");
    }
    expect(book.list().total).toBe(4);
  });

  it("gives a second GPU with the same critical fault on the node priority P1", () => {
    const { book } = setUp();
    expect(book.raise(LOST).alert.priority).toBe("P2");
    expect(book.raise({ ...LOST, gpu: 2, title: "GPU 2 fell off the bus" }).alert.priority).toBe("P1");
  });

  it("raises severity, policy and text when the fault got worse, and tells people again even if acknowledged", () => {
    const { book, clock } = setUp();
    const { alert } = book.raise({ ...LOST, severity: "warning", title: "link trouble" });
    book.acknowledge(alert.alert_id, "ana");
    clock.jump(MINUTE_MS);
    const worse = book.raise(LOST).alert;
    expect(worse).toMatchObject({
      alert_id: alert.alert_id,
      status: "open",
      severity: "critical",
      title: LOST.title,
      owner: "ana",
      escalation: { policy: "gpu-critical-oncall", step: 1 },
    });
    const statuses = book.notifications(alert.alert_id).map(({ status }) => status);
    expect(statuses).toEqual(["cancelled", "cancelled", "queued", "queued"]);
  });

  it("never lowers the severity of an open alert", () => {
    const { book } = setUp();
    book.raise(LOST);
    expect(book.raise({ ...LOST, severity: "info" }).alert.severity).toBe("critical");
  });

  it("reopens under the same id within the flap window and begins anew after it", () => {
    const { book, clock } = setUp();
    const { alert } = book.raise(LOST);
    book.close(alert.alert_id, "ana", "rebooted");
    clock.jump(FLAP_WINDOW_MS);
    const again = book.raise({ ...LOST, analysis: "back after the reboot" });
    expect(again.outcome).toBe("reopened");
    expect(again.alert).toMatchObject({
      alert_id: alert.alert_id,
      status: "open",
      count: 2,
      analysis: "back after the reboot",
    });
    expect(again.notifications.filter(({ status }) => status === "queued")).toHaveLength(2);
    book.close(alert.alert_id);
    clock.jump(FLAP_WINDOW_MS + 1);
    const fresh = book.raise(LOST);
    expect(fresh.outcome).toBe("created");
    expect(fresh.alert.alert_id).not.toBe(alert.alert_id);
  });

  it("stays simulated only while every sighting is simulated", () => {
    const { book } = setUp();
    expect(book.raise({ ...LOST, isSimulated: true }).alert.is_simulated).toBe(true);
    expect(book.raise(LOST).alert.is_simulated).toBe(false);
    expect(book.raise({ ...LOST, isSimulated: true }).alert.is_simulated).toBe(false);
  });
});

describe("inhibition", () => {
  it("hides thermal alerts of a lost GPU, before or after, and brings them back when it is closed", () => {
    const { book } = setUp();
    const before = book.raise(HOT).alert;
    const lost = book.raise(LOST).alert;
    expect(book.get(before.alert_id)).toMatchObject({
      inhibited_by: lost.alert_id,
      escalation: { next_step_at: null },
    });
    expect(book.notifications(before.alert_id).map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
    const after = book.raise({ ...HOT, rule: "thermal.hw_slowdown" });
    expect(after.alert.inhibited_by).toBe(lost.alert_id);
    expect(after.notifications).toEqual([]);
    book.close(lost.alert_id);
    for (const id of [before.alert_id, after.alert.alert_id]) {
      expect(book.get(id)).toMatchObject({ inhibited_by: null, status: "open", escalation: { step: 1 } });
      expect(book.notifications(id).filter(({ status }) => status === "queued")).toHaveLength(2);
    }
    expect(book.history(before.alert_id).map(({ what }) => what)).toEqual(["created", "inhibited", "released"]);
  });

  it("stays silent when reopened under an open cause", () => {
    const { book, clock } = setUp();
    const hot = book.raise(HOT).alert;
    book.close(hot.alert_id);
    const lost = book.raise(LOST).alert;
    const again = book.raise(HOT);
    expect(again.outcome).toBe("reopened");
    expect(again.alert).toMatchObject({ inhibited_by: lost.alert_id, escalation: { next_step_at: null } });
    clock.jump(60 * MINUTE_MS);
    book.advance(100);
    expect(book.notifications(hot.alert_id).every(({ status }) => status === "cancelled")).toBe(true);
  });

  it("leaves other GPUs and other nodes alone", () => {
    const { book } = setUp();
    book.raise(LOST);
    expect(book.raise({ ...HOT, gpu: 2, title: "hot" }).alert.inhibited_by).toBeNull();
    expect(book.raise({ ...HOT, node: "node-2" }).alert.inhibited_by).toBeNull();
  });
});

describe("commands", () => {
  it("acknowledge stops the escalation, names the owner, cancels what is queued and may be repeated", () => {
    const { book, clock } = setUp();
    const { alert } = book.raise(LOST);
    const acknowledged = book.acknowledge(alert.alert_id, "ana");
    expect(acknowledged).toMatchObject({ status: "acknowledged", owner: "ana", escalation: { next_step_at: null } });
    expect(book.notifications(alert.alert_id).map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
    clock.jump(60 * MINUTE_MS);
    expect(book.advance(100)).toEqual({ woken: 0, stepsRun: 0 });
    expect(book.acknowledge(alert.alert_id).owner).toBe("ana");
    expect(book.history(alert.alert_id).map(({ what, by }) => [what, by])).toEqual([
      ["created", null],
      ["acknowledged", "ana"],
    ]);
  });

  it("snooze is silent until its time, then tells people from the first step on", () => {
    const { book, clock } = setUp();
    const { alert } = book.raise(LOST);
    book.snooze(alert.alert_id, clock.now() + 30 * MINUTE_MS, "ana");
    clock.jump(30 * MINUTE_MS - 1);
    expect(book.advance(100)).toEqual({ woken: 0, stepsRun: 0 });
    clock.jump(1);
    expect(book.advance(100)).toEqual({ woken: 1, stepsRun: 1 });
    expect(book.get(alert.alert_id)).toMatchObject({
      status: "open",
      snoozed_until: null,
      escalation: { step: 1, next_step_at: "2026-01-15T12:35:00.000Z" },
    });
  });

  it("refuses a snooze into the past, for ever, or of a closed alert", () => {
    const { book, clock } = setUp();
    const id = book.raise(LOST).alert.alert_id;
    for (const untilMs of [clock.now(), clock.now() + MAX_SNOOZE_MS + 1, Number.NaN]) {
      expect(failureOf(() => book.snooze(id, untilMs))).toMatchObject(failing("invalid_input", /next 30 days/));
    }
    book.close(id);
    expect(failureOf(() => book.snooze(id, clock.now() + 1))).toMatchObject(failing("conflict", /closed/));
    expect(failureOf(() => book.acknowledge(id))).toMatchObject(failing("conflict", /closed/));
  });

  it("close keeps who and why, and closing again changes nothing", () => {
    const { book } = setUp();
    const id = book.raise(LOST).alert.alert_id;
    book.close(id, "ana", "board replaced");
    expect(book.close(id, "ben", "again").status).toBe("closed");
    expect(book.history(id).filter(({ what }) => what === "closed")).toMatchObject([
      { by: "ana", reason: "board replaced" },
    ]);
  });

  it("answers alert_not_found for an unknown id, whatever is asked", () => {
    const { book, clock } = setUp();
    const id = "NEMOPS-00000000";
    const calls: (() => unknown)[] = [
      () => book.get(id),
      () => book.notifications(id),
      () => book.history(id),
      () => book.acknowledge(id),
      () => book.close(id),
      () => book.snooze(id, clock.now() + 1),
    ];
    for (const call of calls) expect(failureOf(call)).toMatchObject(failing("alert_not_found", /NEMOPS-00000000/));
  });

  it("forgets what was closed long ago and nothing else", () => {
    const { book, clock } = setUp();
    const old = book.raise(LOST).alert.alert_id;
    const open = book.raise({ ...LOST, gpu: 1 }).alert.alert_id;
    book.close(old);
    clock.jump(KEEP_CLOSED_MS);
    expect(book.prune()).toBe(0);
    clock.jump(1);
    expect(book.prune()).toBe(1);
    expect(book.list().alerts.map(({ alert_id }) => alert_id)).toEqual([open]);
    expect(failureOf(() => book.notifications(old))).toMatchObject(failing("alert_not_found", /no alert/));
  });
});

describe("list", () => {
  it("filters, counts all that match, pages, and puts the latest first", () => {
    const { book, clock } = setUp();
    for (let gpu = 0; gpu < 4; gpu += 1) {
      book.raise({ ...LOST, gpu, severity: gpu === 0 ? "info" : "critical" });
      clock.jump(1);
    }
    book.acknowledge(book.list({ gpu: 1 }).alerts[0]?.alert_id ?? "");
    expect(book.list({ severity: "critical", limit: 2 })).toMatchObject({ total: 3, alerts: [{ gpu: 3 }, { gpu: 2 }] });
    expect(book.list({ severity: "critical", limit: 2, offset: 2 }).alerts.map(({ gpu }) => gpu)).toEqual([1]);
    expect(book.list({ status: "acknowledged" }).alerts.map(({ gpu }) => gpu)).toEqual([1]);
    expect(book.list({ node: "elsewhere" })).toEqual({ alerts: [], total: 0 });
  });
});

describe("the file", () => {
  it("keeps alerts, escalations and notifications over a restart", () => {
    const file = temporaryFile();
    const clock = createManualClock();
    const first = setUp(file, clock);
    const { alert } = first.book.raise(LOST);
    opened.splice(0).forEach((book) => book.dispose());
    clock.jump(5 * MINUTE_MS);
    const { book } = setUp(file, clock);
    expect(book.get(alert.alert_id)).toEqual(alert);
    expect(book.advance(100)).toEqual({ woken: 0, stepsRun: 1 });
    expect(book.notifications(alert.alert_id).map(({ recipient }) => recipient)).toContain("secondary: PagerDuty");
  });

  it("holds one alert when two processes raise the same fault, and lets only one of them run a step", () => {
    const file = temporaryFile();
    const clock = createManualClock();
    const left = setUp(file, clock).book;
    const right = setUp(file, clock).book;
    expect(left.raise(LOST).outcome).toBe("created");
    expect(right.raise(LOST)).toMatchObject({ outcome: "deduplicated", alert: { count: 2 } });
    clock.jump(5 * MINUTE_MS);
    expect([left.advance(100).stepsRun, right.advance(100).stepsRun]).toEqual([1, 0]);
    const database = openAlertDatabase(file);
    const insert = "INSERT INTO alerts SELECT 'NEMOPS-X', fingerprint, 'open', 0, 0, NULL, NULL, NULL, 0, 0, NULL, 1,";
    const rest = "severity, priority, '', '', '[]', node, gpu, component, rule, '[]', '[]', NULL, NULL, 0 FROM alerts";
    expect(() => database.sqlite.exec(`${insert} ${rest}`)).toThrow(/UNIQUE constraint failed: alerts.fingerprint/);
    database.close();
  });

  it("says where it wanted to write and what to do when the folder cannot be made", () => {
    const file = temporaryFile();
    writeFileSync(file, "");
    expect(failureOf(() => setUp(path.join(file, "home", "alerts.sqlite")))).toMatchObject(
      failing("storage_failed", /home\/alerts\.sqlite.*NEMOPS_HOME/),
    );
  });

  it("refuses a file that is no database, and one of a newer version", () => {
    const file = temporaryFile();
    writeFileSync(file, "not a database at all, only text that is long enough to be read as a header".repeat(20));
    expect(failureOf(() => setUp(file))).toMatchObject(failing("storage_failed", /not a database; move it away/));
    const newer = temporaryFile();
    const database = openAlertDatabase(newer);
    database.sqlite.pragma("user_version = 99");
    database.close();
    expect(failureOf(() => setUp(newer))).toMatchObject(failing("storage_failed", /newer version/));
  });

  it("loses nothing when the disk is full: the alert is refused, what was there stays, and later it works again", () => {
    const file = temporaryFile();
    const { database, book, clock } = setUpWithDatabase(file);
    const kept = book.raise(LOST).alert;
    const pages = Number(database.sqlite.pragma("page_count", { simple: true }));
    database.sqlite.pragma(`max_page_count = ${pages}`);
    const large = { ...LOST, gpu: 5, analysis: "x".repeat(200_000) };
    expect(failureOf(() => book.raise(large))).toMatchObject(failing("storage_failed", /disk is full/));
    expect(book.list()).toMatchObject({ total: 1, alerts: [{ alert_id: kept.alert_id }] });
    database.sqlite.pragma("max_page_count = 100000");
    clock.jump(1);
    expect(book.raise(large).outcome).toBe("created");
  });

  it("answers storage_failed for a file that can only be read, and still reads it", () => {
    const { database, book } = setUpWithDatabase(temporaryFile());
    const { alert } = book.raise(LOST);
    database.sqlite.pragma("query_only = ON");
    expect(failureOf(() => book.acknowledge(alert.alert_id))).toMatchObject(
      failing("storage_failed", /cannot be written.*NEMOPS_HOME/),
    );
    expect(book.get(alert.alert_id).status).toBe("open");
  });
});

/** The book over a connection the test can hold back; the limits it sets are those of a connection. */
function setUpWithDatabase(file: string) {
  const database = openAlertDatabase(file);
  const clock = createManualClock();
  const book = createAlertBook({ path: file, database, clock, policies: seedPolicies(), channels: CHANNELS });
  opened.push(book);
  return { database, book, clock };
}
