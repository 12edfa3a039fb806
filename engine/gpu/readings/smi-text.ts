import { ServiceError } from "../../../lib/errors.ts";
import type { NodeReading } from "../reading.ts";
import { addSmiMessages, readSmiMessages } from "./smi-messages.ts";
import { type SmiNode, childrenOf, newNode, setTextAt } from "./smi-node.ts";
import { SMI_TEXT_PATHS } from "./smi-text-paths.ts";
import { nodeFromSmi } from "./smi-xml.ts";

const GPU_LINE = /^GPU ([0-9A-Fa-f]{4,8}:[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}\.[0-7])\s*$/;
const FIELD = /^( *)([^:]+?) *(?: : ?(.*)|:)?$/;
/** No label of the tool is longer; a longer line is not of this report and would only cost time. */
const MAX_LINE_LENGTH = 4_096;
const BANNER = /^=+ ?NVSMI LOG ?=+$/;

/**
 * Reads the text of `nvidia-smi -q`: the tree of the XML form, drawn by indentation and with other labels. Empty input is
 * a reading without GPUs; the tool's messages in place of a report give a reading with problems.
 * Throws `unreadable_input` for text that holds neither.
 */
export function parseSmiText(text: string): NodeReading {
  const empty: NodeReading = { origin: "file", isSimulated: false, gpus: [], problems: [] };
  if (text.trim() === "") return empty;
  if (text.includes("\0")) throw new ServiceError("unreadable_input", "nvidia-smi text: the file is binary, not text");

  const messages = readSmiMessages(text);
  const labels = readLabels(text);
  const gpus = childrenOf(labels, "gpu");
  if (gpus.length === 0 && childrenOf(labels, "driver version").length === 0) {
    if (messages.problems.length > 0 || messages.devices.length > 0) return addSmiMessages(empty, messages);
    throw new ServiceError(
      "unreadable_input",
      "nvidia-smi text: no GPU section and no driver version found; expected the output of `nvidia-smi -q`",
    );
  }
  return addSmiMessages(nodeFromSmi(toSchemaNames(labels, gpus)), messages);
}

/** The labels as they stand, in lower case, nested by indentation. */
function readLabels(text: string): SmiNode {
  const root = newNode("root");
  let open: { indent: number; node: SmiNode }[] = [{ indent: -1, node: root }];
  for (const line of text.split(/\r?\n/)) {
    const header = GPU_LINE.exec(line);
    if (header !== null) {
      const gpu = newNode("gpu");
      gpu.children.push({ name: "@id", text: header[1] ?? "", children: [] });
      root.children.push(gpu);
      open = [
        { indent: -1, node: root },
        { indent: 0, node: gpu },
      ];
      continue;
    }
    const field = line.length > MAX_LINE_LENGTH ? null : FIELD.exec(line);
    if (field === null || line.trim() === "" || BANNER.test(line)) continue;
    const indent = field[1]?.length ?? 0;
    const node: SmiNode = { name: (field[2] ?? "").trim().toLowerCase(), text: (field[3] ?? "").trim(), children: [] };
    while ((open.at(-1)?.indent ?? -1) >= indent && open.length > 1) open.pop();
    (open.at(-1)?.node ?? root).children.push(node);
    open.push({ indent, node });
  }
  return root;
}

function toSchemaNames(labels: SmiNode, gpus: readonly SmiNode[]): SmiNode {
  const root = newNode("nvidia_smi_log");
  for (const [label, path] of [
    ["driver version", "driver_version"],
    ["cuda version", "cuda_version"],
    ["attached gpus", "attached_gpus"],
    ["hostname", "hostname"],
  ] as const) {
    const value = childrenOf(labels, label)[0]?.text;
    if (value !== undefined) setTextAt(root, path, value);
  }
  for (const gpu of gpus) root.children.push(gpuInSchemaNames(gpu));
  return root;
}

function gpuInSchemaNames(labels: SmiNode): SmiNode {
  const gpu = newNode("gpu");
  const copy = (node: SmiNode, prefix: string): void => {
    const label = prefix === "" ? node.name : `${prefix}/${node.name}`;
    const path = SMI_TEXT_PATHS.get(label);
    if (path !== undefined && node.text !== "") setTextAt(gpu, path, node.text);
    for (const child of node.children) copy(child, label);
  };
  for (const node of labels.children) {
    if (node.name === "@id") gpu.children.push(node);
    else if (node.name === "processes") gpu.children.push(processesNode(node));
    else copy(node, "");
  }
  const migDevices = childrenOf(labels, "mig device");
  if (migDevices.length > 0) {
    gpu.children.push({ name: "mig_devices", text: "", children: migDevices.map(() => newNode("mig_device")) });
  }
  return gpu;
}

/** A process begins at its `Process ID` line; its other fields are indented below it. */
function processesNode(labels: SmiNode): SmiNode {
  const processes: SmiNode = { name: "processes", text: labels.text, children: [] };
  for (const entry of childrenOf(labels, "process id")) {
    const info = newNode("process_info");
    setTextAt(info, "pid", entry.text);
    for (const [label, path] of [
      ["type", "type"],
      ["name", "process_name"],
      ["used gpu memory", "used_memory"],
    ] as const) {
      const value = childrenOf(entry, label)[0]?.text;
      if (value !== undefined) setTextAt(info, path, value);
    }
    processes.children.push(info);
  }
  return processes;
}
