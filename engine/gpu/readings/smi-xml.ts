import { SaxesParser, type SaxesTagPlain } from "saxes";

import { ServiceError } from "../../../lib/errors.ts";
import type { NodeReading } from "../reading.ts";
import { gpuFromSmi } from "./smi-gpu.ts";
import { addSmiMessages, readSmiMessages } from "./smi-messages.ts";
import { type SmiNode, childrenOf, newNode, textAt } from "./smi-node.ts";
import { numberValue, pciAddress, textValue } from "./value.ts";

/** Deepest nesting in schema v13 is 7. */
const MAX_DEPTH = 32;
const ROOT = "nvidia_smi_log";

/**
 * Hundreds of lines per GPU that no rule reads. They are checked for well-formedness and not kept.
 * `bar1_memory_usage` is the size of an address window, not of memory.
 */
const IGNORED = new Set(["supported_clocks", "accounted_processes", "bar1_memory_usage", "cc_protected_memory_usage"]);

/**
 * Reads the output of `nvidia-smi -q -x`, schemas v10 to v13. Lines around the document are allowed, because the tool
 * prints warnings there; its messages in place of a document (`No devices were found`, a device that is lost) give a
 * reading with problems. Empty input is a reading without GPUs.
 * Throws `unreadable_input` with line and column for XML that is cut or malformed, for a document of another kind, for
 * binary input, and for a DOCTYPE that declares anything: declarations are how XML makes a small file expand.
 */
export function parseSmiXml(text: string): NodeReading {
  const empty: NodeReading = { origin: "file", isSimulated: false, gpus: [], problems: [] };
  if (text.trim() === "") return empty;
  if (text.includes("\0")) throw unreadable("the file is binary, not XML");

  const start = documentStart(text);
  const messages = readSmiMessages(text.slice(0, start));
  if (start === text.length) {
    if (messages.problems.length > 0 || messages.devices.length > 0) return addSmiMessages(empty, messages);
    throw unreadable("no XML document in the file; expected the output of `nvidia-smi -q -x`");
  }

  const closing = `</${ROOT}>`;
  const end = text.lastIndexOf(closing);
  const stop = end === -1 ? text.length : end + closing.length;
  const root = parseTree(text.slice(start, stop), text.slice(0, start).split("\n").length - 1);
  if (root.name !== ROOT) throw unreadable(`the root element is <${root.name}>, expected <${ROOT}>`);

  const trailing = readSmiMessages(text.slice(stop));
  return addSmiMessages(nodeFromSmi(root), {
    problems: [...messages.problems, ...trailing.problems],
    devices: [...messages.devices, ...trailing.devices],
  });
}

/** The node that a tree in the names of the XML schema describes. */
export function nodeFromSmi(root: SmiNode): NodeReading {
  const attached = numberValue(textAt(root, "attached_gpus"));
  const driver = textValue(textAt(root, "driver_version"));
  const cuda = textValue(textAt(root, "cuda_version"));
  const hostname = textValue(textAt(root, "hostname"));
  return {
    origin: "file",
    isSimulated: false,
    ...(hostname === undefined ? {} : { hostname }),
    ...(driver === undefined ? {} : { driverVersion: driver }),
    ...(cuda === undefined ? {} : { cudaVersion: cuda }),
    ...(attached === undefined ? {} : { attachedGpus: attached }),
    gpus: childrenOf(root, "gpu").map((gpu, index) => {
      const reading = gpuFromSmi(gpu, index);
      // A lost GPU may have nothing but the id attribute, which is its PCI address.
      const pci = reading.pci ?? pciAddress(textAt(gpu, "@id"));
      return pci === undefined ? reading : { ...reading, pci };
    }),
    problems: [],
  };
}

function documentStart(text: string): number {
  const declaration = text.indexOf("<?xml");
  if (declaration !== -1) return declaration;
  const start = text.search(/<[!A-Za-z]/);
  return start === -1 ? text.length : start;
}

function parseTree(xml: string, linesBefore: number): SmiNode {
  const parser = new SaxesParser();
  const stack: SmiNode[] = [];
  let root: SmiNode | undefined;
  let depth = 0;
  let ignoredFrom = Infinity;
  const fail = (reason: string): never => {
    throw unreadable(`${reason} at line ${parser.line + linesBefore}, column ${parser.column + 1}`);
  };

  parser.on("error", (error) => fail(error.message.replace(/^[^:]*:?\d+:\d+: /, "").replace(/\.$/, "")));
  parser.on("doctype", (doctype) => {
    if (doctype.includes("[") || /<!/.test(doctype))
      fail("the DOCTYPE declares entities or elements, which is refused");
  });
  parser.on("opentag", (tag: SaxesTagPlain) => {
    depth += 1;
    if (depth > MAX_DEPTH) fail(`elements are nested deeper than ${MAX_DEPTH}`);
    if (depth > ignoredFrom) return;
    if (IGNORED.has(tag.name)) {
      ignoredFrom = depth;
      return;
    }
    const node = newNode(tag.name);
    const id = tag.attributes["id"];
    if (id !== undefined) node.children.push({ name: "@id", text: id, children: [] });
    stack.at(-1)?.children.push(node);
    root ??= node;
    stack.push(node);
  });
  parser.on("text", (text) => {
    const top = stack.at(-1);
    if (top !== undefined && depth < ignoredFrom) top.text += text;
  });
  parser.on("closetag", () => {
    if (depth < ignoredFrom) stack.pop();
    if (depth === ignoredFrom) ignoredFrom = Infinity;
    depth -= 1;
  });
  parser.write(xml).close();
  return root ?? fail("the document has no element");
}

function unreadable(reason: string): ServiceError {
  return new ServiceError("unreadable_input", `nvidia-smi XML: ${reason}`);
}
