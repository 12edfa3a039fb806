import type { NvlinkReading } from "../reading.ts";

const GPU_LINE = /^GPU (\d+):.*?(GPU-[0-9a-f-]{36})?\)?\s*$/i;
const STATE_LINE = /^\s*Link (\d+):\s*(?:([\d.]+) GB\/s|<?(inactive)>?)\s*$/i;
const ERROR_LINE = /^\s*Link (\d+):\s*(Replay|Recovery|CRC)(?: FLIT)? Errors?:\s*(\d+)\s*$/i;

const COUNTERS: Readonly<Record<string, "replayErrors" | "recoveryErrors" | "crcErrors">> = {
  replay: "replayErrors",
  recovery: "recoveryErrors",
  crc: "crcErrors",
};

/**
 * Links by GPU index from the output of `nvidia-smi nvlink -s` (state) and `nvidia-smi nvlink -e` (errors), given
 * together or apart. Lines it does not know are left out; a counter that is not printed is absent. Never throws.
 */
export function parseNvlinkText(text: string): ReadonlyMap<number, readonly NvlinkReading[]> {
  const gpus = new Map<number, Map<number, NvlinkReading>>();
  let links: Map<number, NvlinkReading> | undefined;
  const linkAt = (number: string | undefined): NvlinkReading | undefined => {
    if (links === undefined || number === undefined) return undefined;
    const link = Number(number);
    const known = links.get(link) ?? { link };
    links.set(link, known);
    return known;
  };

  for (const line of text.split(/\r?\n/)) {
    const gpu = GPU_LINE.exec(line)?.[1];
    if (gpu !== undefined) {
      links = gpus.get(Number(gpu)) ?? new Map<number, NvlinkReading>();
      gpus.set(Number(gpu), links);
      continue;
    }
    const state = STATE_LINE.exec(line);
    if (state !== null) {
      const link = linkAt(state[1]);
      if (link === undefined) continue;
      link.isActive = state[3] === undefined;
      if (state[2] !== undefined) link.speedGbPerSecond = Number(state[2]);
      continue;
    }
    const error = ERROR_LINE.exec(line);
    const counter = COUNTERS[error?.[2]?.toLowerCase() ?? ""];
    const link = counter === undefined ? undefined : linkAt(error?.[1]);
    if (link !== undefined && counter !== undefined) link[counter] = Number(error?.[3]);
  }

  return new Map(
    [...gpus].map(([gpu, rows]) => [gpu, [...rows.values()].sort((left, right) => left.link - right.link)]),
  );
}
