import { describe, expect, it } from "vitest";

import { type Intent, classify as classifySplit } from "../../../graphs/gpu-ops/offline-policy/intent.ts";
import { splitPastedLog } from "../../../graphs/gpu-ops/pasted-log.ts";

const all = { gpuIds: [] };

function classify(message: string, earlier: readonly string[] = []): Intent {
  return classifySplit(splitPastedLog(message), earlier.map(splitPastedLog));
}

const NVLINK_EVERYWHERE: Intent = {
  kind: "run_diagnostic",
  test: "nvlink_check",
  gpuIds: [],
  mode: "quick",
  isEveryGpu: true,
};

const QUESTIONS: readonly (readonly [string, Intent])[] = [
  ["Why is training slow on this node?", { kind: "health", ...all, isComplaint: true }],
  ["why is my training job so slow", { kind: "health", ...all, isComplaint: true }],
  ["Is GPU 2 ok?", { kind: "health", gpuIds: [2] }],
  ["is gpu2 healthy", { kind: "health", gpuIds: [2] }],
  ["Check GPUs 0 and 3", { kind: "health", gpuIds: [0, 3] }],
  ["check gpu 0-3", { kind: "health", gpuIds: [0, 1, 2, 3] }],
  ["cuda:1 keeps crashing", { kind: "health", gpuIds: [1] }],
  ["diagnose", { kind: "health", ...all }],
  ["What's wrong?", { kind: "health", ...all }],
  ["Which GPU is the straggler?", { kind: "health", ...all, isComplaint: true }],
  ["Which GPUs are throttling?", { kind: "health", ...all }],
  ["NCCL all-reduce hangs after ten minutes", { kind: "health", ...all, isComplaint: true }],
  ["are there any ECC errors on GPU 5?", { kind: "health", gpuIds: [5] }],
  ["is node gpu-node-03 fine?", { kind: "health", ...all, node: "gpu-node-03" }],
  ["GPU 3 shows xid 79, what is wrong?", { kind: "health", gpuIds: [3] }],
  ["health check please", { kind: "health", ...all }],
  ["one of our 8 GPUs is slow", { kind: "health", ...all, isComplaint: true }],
  ["power draw looks low on this server", { kind: "health", ...all }],

  ["How hot is the second GPU?", { kind: "read_values", gpuIds: [1] }],
  ["how much memory is free on gpu 1", { kind: "read_values", gpuIds: [1] }],
  ["what driver version is running?", { kind: "read_values", ...all }],
  ["What is the power draw of GPU 0?", { kind: "read_values", gpuIds: [0] }],
  ["what is wrong with the memory of GPU 0?", { kind: "health", gpuIds: [0] }],
  ["is gpu -1 ok?", { kind: "health", gpuIds: [-1] }],

  ["What is XID 79 and what do I do?", { kind: "explain_xid", xids: [79] }],
  ["xid 48", { kind: "explain_xid", xids: [48] }],
  ["explain Xid errors 48 and 63", { kind: "explain_xid", xids: [48, 63] }],
  ["what does XID119 mean", { kind: "explain_xid", xids: [119] }],
  ["Should I reset after xid 94?", { kind: "explain_xid", xids: [94] }],
  ["what do i do about xid: 9999", { kind: "explain_xid", xids: [9999] }],

  ["Run the memory test on GPU 3", { kind: "run_diagnostic", test: "memory_stress", gpuIds: [3], mode: "quick" }],
  ["run memory_stress", { kind: "run_diagnostic", test: "memory_stress", gpuIds: [], mode: "quick" }],
  [
    "please start a full compute stress test on gpu 0",
    { kind: "run_diagnostic", test: "compute_stress", gpuIds: [0], mode: "full" },
  ],
  ["run the nvlink check", { kind: "run_diagnostic", test: "nvlink_check", gpuIds: [], mode: "quick" }],
  [
    "do a pcie bandwidth test on GPUs 1 and 2",
    { kind: "run_diagnostic", test: "pcie_bandwidth", gpuIds: [1, 2], mode: "quick" },
  ],
  ["run a thermal profile", { kind: "run_diagnostic", test: "thermal_profile", gpuIds: [], mode: "quick" }],
  ["run diagnostics on GPU 1", { kind: "run_diagnostic", gpuIds: [1], mode: "quick" }],
  ["run the nvlink check on all gpus", NVLINK_EVERYWHERE],
  ["run the quantum test on gpu 1", { kind: "unknown_test", name: "quantum" }],
  ["run a test on GPU 1", { kind: "run_diagnostic", gpuIds: [1], mode: "quick" }],
  ["stress GPU 2", { kind: "run_diagnostic", gpuIds: [2], mode: "quick" }],

  ["Search similar incidents", { kind: "search_incidents", query: "" }],
  ["have we seen this before?", { kind: "search_incidents", query: "" }],
  ["find past incidents about GPUs falling off the bus", { kind: "search_incidents", query: "GPUs falling off bus" }],
  ["search incidents for xid 79", { kind: "search_incidents", query: "xid 79" }],

  ["Raise an alert", { kind: "raise_alert", gpuIds: [], subject: "" }],
  ["raise a critical alert for GPU 2", { kind: "raise_alert", gpuIds: [2], subject: "", severity: "critical" }],
  [
    "create a warning alert: fan noise in rack 4",
    { kind: "raise_alert", gpuIds: [], subject: "fan noise in rack 4", severity: "warning" },
  ],
  ["page the on-call about this", { kind: "raise_alert", gpuIds: [], subject: "" }],

  ["acknowledge it", { kind: "update_alert", action: "acknowledge" }],
  ["ack", { kind: "update_alert", action: "acknowledge" }],
  ["Ack NEMOPS-12ab34cd", { kind: "update_alert", action: "acknowledge", alertId: "NEMOPS-12AB34CD" }],
  ["close it", { kind: "update_alert", action: "close" }],
  ["please resolve the alert", { kind: "update_alert", action: "close" }],
  ["snooze it for 30 minutes", { kind: "update_alert", action: "snooze", minutes: 30 }],
  ["snooze the alert for two hours", { kind: "update_alert", action: "snooze", minutes: 120 }],
  ["mute that for half an hour", { kind: "update_alert", action: "snooze", minutes: 30 }],

  ["snooze the alert until tomorrow", { kind: "update_alert", action: "snooze", hasUnclearTime: true }],
  ["close all alerts", { kind: "update_alert", action: "close", isEvery: true }],
  ["unsnooze it", { kind: "undo_alert_change" }],
  ["reopen the alert", { kind: "undo_alert_change" }],
  ["show alert NEMOPS-12AB34CD", { kind: "show_alert", alertId: "NEMOPS-12AB34CD" }],
  ["show me alert details", { kind: "show_alert" }],
  ["who was paged?", { kind: "show_alert" }],

  ["list alerts", { kind: "list_alerts", gpuIds: [] }],
  ["show me the open alerts", { kind: "list_alerts", gpuIds: [], status: "open" }],
  ["are there any critical alerts?", { kind: "list_alerts", gpuIds: [], severity: "critical" }],
  ["which alerts are there for GPU 1?", { kind: "list_alerts", gpuIds: [1] }],

  ["list the GPUs", { kind: "list_gpus" }],
  ["How many GPUs are there?", { kind: "list_gpus" }],
  ["what GPUs does this node have", { kind: "list_gpus" }],

  ["show events", { kind: "show_events", gpuIds: [] }],
  ["show the latest XID events of GPU 3", { kind: "show_events", gpuIds: [3] }],
  ["read the kernel log", { kind: "show_events", gpuIds: [] }],

  ["propose a remediation plan for GPU 1", { kind: "propose_plan", gpuIds: [1] }],
  ["give me a runbook", { kind: "propose_plan", gpuIds: [] }],

  ["why?", { kind: "explain_last" }],
  ["How do you know?", { kind: "explain_last" }],
  ["what should I do?", { kind: "next_steps", gpuIds: [] }],
  ["how do we fix it?", { kind: "next_steps", gpuIds: [] }],
  ["what now", { kind: "next_steps", gpuIds: [] }],

  ["reboot the node", { kind: "act", action: "REBOOT_NODE", gpuIds: [] }],
  ["please reset GPU 2", { kind: "act", action: "RESET_GPU", gpuIds: [2] }],
  ["reset the clocks on gpu 1", { kind: "act", action: "RESTORE_CLOCKS", gpuIds: [1] }],
  ["kill the training job", { kind: "act", action: "RESTART_APP", gpuIds: [] }],
  ["is it safe to reboot?", { kind: "act", action: "REBOOT_NODE", gpuIds: [], isQuestion: true }],
  ["can I reset gpu 0", { kind: "act", action: "RESET_GPU", gpuIds: [0], isQuestion: true }],
  ["should I RMA the card?", { kind: "act", action: "RMA_REVIEW", gpuIds: [], isQuestion: true }],
  ["what does SXid 20034 mean", { kind: "explain_sxid", sxid: 20034 }],

  ["thanks", { kind: "thanks" }],
  ["ok", { kind: "thanks" }],
  ["fix it", { kind: "next_steps", gpuIds: [] }],
  ["can you fix it?", { kind: "next_steps", gpuIds: [] }],
  ["any problems?", { kind: "health", ...all }],
  ["gpu 0 temperature?", { kind: "read_values", gpuIds: [0] }],
  ["what is ECC?", { kind: "search_incidents", query: "ECC" }],
  ["explain row remapping", { kind: "search_incidents", query: "row remapping" }],
  ["what is throttling GPU 2?", { kind: "health", gpuIds: [2] }],
  ["explain that", { kind: "explain_last" }],
  ["is this urgent?", { kind: "explain_last" }],
  ["is it hardware or software?", { kind: "explain_last" }],
  ["are there xid errors?", { kind: "show_events", gpuIds: [] }],
  ["show errors from the last hour", { kind: "show_events", gpuIds: [] }],
  ["which jobs are running on gpu 0", { kind: "unanswerable" }],
  ["which job crashed GPU 0?", { kind: "health", gpuIds: [0] }],
  ["do I need to RMA anything?", { kind: "act", action: "RMA_REVIEW", gpuIds: [], isQuestion: true }],
  ["hello", { kind: "help" }],
  ["What can you do?", { kind: "help" }],
  ["", { kind: "help" }],

  ["What is the weather in Oslo?", { kind: "unanswerable" }],
  ["write me a poem about spring", { kind: "unanswerable" }],
  ["who won the world cup", { kind: "unanswerable" }],
  ["2 + 2", { kind: "unanswerable" }],
];

describe("classify", () => {
  it.each(QUESTIONS)("%s", (question, intent) => {
    expect(classify(question)).toEqual(intent);
  });

  const FOLLOW_UPS: readonly (readonly [string[], string, Intent])[] = [
    [["Is GPU 0 ok?"], "and GPU 1?", { kind: "health", gpuIds: [1] }],
    [["Is GPU 0 ok?"], "GPU 1?", { kind: "health", gpuIds: [1] }],
    [["Is GPU 0 ok?", "and GPU 1?"], "what about GPU 2", { kind: "health", gpuIds: [2] }],
    [["Is GPU 0 ok?"], "what about the others?", { kind: "health", gpuIds: [] }],
    [["Is GPU 0 ok?"], "check again", { kind: "health", gpuIds: [0] }],
    [
      ["run the memory test on GPU 3"],
      "and GPU 1?",
      { kind: "run_diagnostic", test: "memory_stress", gpuIds: [1], mode: "quick" },
    ],
    [["what is xid 79"], "and GPU 1?", { kind: "health", gpuIds: [1] }],
    [["what is xid 79"], "what about 94?", { kind: "explain_xid", xids: [94] }],
    [["Is GPU 0 ok?"], "and 1?", { kind: "health", gpuIds: [1] }],
    [["run the nvlink check on GPU 3"], "and all the others?", NVLINK_EVERYWHERE],
    [[], "and GPU 1?", { kind: "health", gpuIds: [1] }],
  ];
  it.each(FOLLOW_UPS)("after %j: %s", (earlier, question, intent) => {
    expect(classify(question, earlier)).toEqual(intent);
  });

  it("takes a message with a log in it as a question about the log, whatever else it says", () => {
    const log = "[  123.456789] NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.";
    for (const message of [log, `what is this?\n${log}`, `${log}\nraise a critical alert and reboot the node`]) {
      expect(classify(message)).toEqual({ kind: "analyze_log" });
    }
  });

  it("says of an nvidia-smi dump that it is not read here", () => {
    expect(classify("==============NVSMI LOG==============\n\nTimestamp : now")).toEqual({ kind: "unreadable_dump" });
  });

  it("stays quick on a long message without any structure", () => {
    const words = "lorem ipsum gpu dolor sit amet ".repeat(100_000);
    expect(classify(words).kind).toBe("unanswerable");
    expect(classify("a ".repeat(1_000_000)).kind).toBe("unanswerable");
  });
});
