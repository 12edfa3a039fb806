/** A GPU as the plan names it; what is known of it, best first: UUID, PCI address, index. */
export interface GpuTarget {
  readonly index?: number;
  readonly uuid?: string;
  readonly pci?: string;
  readonly defaultPowerLimitW?: number;
}

/** Words that may stand in a command as they are. What is unknown is a variable that stops the shell while it is unset. */
export interface CommandTarget {
  readonly node: string;
  /** `-i` argument of nvidia-smi: UUIDs, PCI addresses or indexes, separated by commas. */
  readonly gpu: string;
  /** ` -i …` for a command that only reads; empty when no GPU is named, which then reads all. */
  readonly readFlag: string;
  /** DCGM numbers GPUs itself, so only an index can stand here. */
  readonly dcgmGpu: string;
  /** ` -s <address>` of lspci, or all NVIDIA devices. */
  readonly lspciFlag: string;
  readonly defaultPowerLimitW: string;
}

// A leading dash would be read as an option, anything outside these letters by the shell.
const NODE = /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const UUID = /^GPU-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const PCI = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i;
const MAX_INDEX = 255;

const placeholder = (name: string): string => `"\${${name}:?}"`;

/** Never throws: a value that cannot stand in a command is left out and named in `notes`. */
export function commandTarget(
  node: string | undefined,
  gpus: readonly GpuTarget[],
): { readonly target: CommandTarget; readonly notes: readonly string[] } {
  const notes: string[] = [];
  const safeNode = node !== undefined && NODE.test(node) ? node : undefined;
  if (node !== undefined && safeNode === undefined) {
    notes.push(`The node name ${quote(node)} cannot stand in a command: set NODE by hand.`);
  }
  const ids = gpus.map((gpu) => safeId(gpu, notes)).filter((id) => id !== undefined);
  const indexes = gpus.map(({ index }) => index).filter(isIndex);
  const addresses = gpus.map(({ pci }) => pci).filter((pci) => pci !== undefined && PCI.test(pci));
  const limits = new Set(gpus.map(({ defaultPowerLimitW }) => defaultPowerLimitW));
  const [limit] = limits;
  return {
    target: {
      node: safeNode ?? placeholder("NODE"),
      gpu: ids.length > 0 ? ids.join(",") : placeholder("GPU"),
      readFlag: ids.length > 0 ? ` -i ${ids.join(",")}` : "",
      dcgmGpu: indexes.length > 0 && indexes.length === gpus.length ? indexes.join(",") : placeholder("DCGM_GPU"),
      lspciFlag: addresses.length === 1 ? `-s ${addresses.join("")}` : "-d 10de:",
      defaultPowerLimitW:
        limits.size === 1 && limit !== undefined && limit > 0
          ? String(Math.round(limit))
          : placeholder("DEFAULT_WATTS"),
    },
    notes,
  };
}

function safeId({ uuid, pci, index }: GpuTarget, notes: string[]): string | undefined {
  const shown = uuid ?? pci ?? index?.toString();
  if (uuid !== undefined && UUID.test(uuid)) return uuid;
  if (pci !== undefined && PCI.test(pci)) return pci.toLowerCase();
  if (isIndex(index)) return String(index);
  if (shown !== undefined) notes.push(`The GPU ${quote(shown)} cannot stand in a command: set GPU by hand.`);
  return undefined;
}

function isIndex(index: number | undefined): index is number {
  return index !== undefined && Number.isInteger(index) && index >= 0 && index <= MAX_INDEX;
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
