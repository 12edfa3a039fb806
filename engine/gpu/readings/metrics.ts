import { ServiceError } from "../../../lib/errors.ts";
import type { EccCounts, GpuReading, NodeReading, NvlinkReading } from "../reading.ts";
import { type Sample, parseExposition } from "./exposition.ts";
import { metricValue } from "./metric-blank.ts";
import { ECC_METRICS, FLAG_METRICS, NUMBER_METRICS, NVLINK_METRIC, REMAP_BANK_METRIC } from "./metric-fields.ts";
import { compact, pciAddress } from "./value.ts";

/** Reads metrics text; see `parseMetricsCounted`. */
export function parseMetrics(text: string): NodeReading {
  return parseMetricsCounted(text).reading;
}

/**
 * Reads the text that dcgm-exporter serves, or a Prometheus federation of it. Sentinels and NaN are absent values with
 * their reason in `blanks`; the XID gauge is `lastXid` and never an event. Series of one GPU are joined by UUID, then by
 * the `gpu` label; of repeated series the one with the later time stamp counts, else the first. Of several hosts only the
 * first is read, and a problem says so. Malformed lines are counted. Empty input is a reading without GPUs.
 * Throws `unreadable_input` when there is text but no metric line in it.
 */
export function parseMetricsCounted(text: string): { reading: NodeReading; skippedLines: number } {
  if (text.includes("\0")) throw new ServiceError("unreadable_input", "metrics: the file is binary, not text");
  const exposition = parseExposition(text);
  if (exposition.samples.length === 0 && exposition.skippedLines > 0) {
    throw new ServiceError(
      "unreadable_input",
      `metrics: no metric line in ${exposition.skippedLines} lines, the first bad one is line ${exposition.firstSkippedLine}`,
    );
  }
  const samples = exposition.samples.filter((sample) => sample.name.startsWith("DCGM_"));
  const hosts = [...new Set(samples.map(hostOf).filter((host) => host !== undefined))];
  const hostname = hosts[0];
  const gpus = new Map<string, GpuBuilder>();
  let driverVersion: string | undefined;
  for (const sample of samples) {
    if (hosts.length > 1 && hostOf(sample) !== hostname) continue;
    driverVersion ??= sample.labels.get("DCGM_FI_DRIVER_VERSION") ?? sample.labels.get("driver_version");
    const key = sample.labels.get("UUID") ?? sample.labels.get("gpu_uuid") ?? sample.labels.get("gpu");
    if (key === undefined || key === "") continue;
    let builder = gpus.get(key);
    if (builder === undefined) {
      builder = createGpuBuilder();
      gpus.set(key, builder);
    }
    builder.add(sample);
  }
  return {
    reading: {
      origin: "file",
      isSimulated: false,
      ...(hostname === undefined ? {} : { hostname }),
      ...(driverVersion === undefined ? {} : { driverVersion }),
      gpus: [...gpus.values()].map((builder, position) => builder.build(position)).sort((a, b) => a.index - b.index),
      problems:
        hosts.length > 1
          ? [
              {
                kind: "unreadable",
                message: `series of ${hosts.length} hosts (${hosts.slice(0, 8).join(", ")}); only ${hostname} is read`,
              },
            ]
          : [],
    },
    skippedLines: exposition.skippedLines,
  };
}

function hostOf(sample: Sample): string | undefined {
  return sample.labels.get("Hostname") ?? sample.labels.get("hostname");
}

interface GpuBuilder {
  add(sample: Sample): void;
  build(position: number): GpuReading;
}

function createGpuBuilder(): GpuBuilder {
  /** Metric name, with the link or window it is about, to its sample. */
  const values = new Map<string, Sample>();
  const windowedXids: Record<string, number> = {};
  const instances = new Set<string>();
  const identity: Partial<GpuReading> = {};

  const put = (key: string, sample: Sample): void => {
    const known = values.get(key);
    if (known === undefined || (sample.atMs ?? 0) > (known.atMs ?? 0)) values.set(key, sample);
  };

  return {
    add(sample) {
      const label = (...names: string[]): string | undefined =>
        names.map((name) => sample.labels.get(name)).find((value) => value !== undefined && value !== "");
      const index = label("gpu");
      if (index !== undefined && /^\d{1,4}$/.test(index)) identity.index ??= Number(index);
      identity.uuid ??= label("UUID", "gpu_uuid");
      identity.pci ??= pciAddress(label("pci_bus_id"));
      identity.name ??= label("modelName", "model_name");
      const instance = label("GPU_I_ID");
      if (instance !== undefined) instances.add(instance);

      if (/^DCGM_EXP_XID_ERRORS_COUNT$/.test(sample.name)) {
        const xid = label("xid");
        const count = metricValue(sample.raw);
        if (xid !== undefined && /^[1-9]\d{0,4}$/.test(xid) && "value" in count && count.value > 0) {
          windowedXids[xid] = Math.max(windowedXids[xid] ?? 0, count.value);
        }
        return;
      }
      if (!sample.name.startsWith("DCGM_FI_")) return;
      const name = sample.name.slice("DCGM_FI_".length);
      const link = label("nvlink", "link");
      put(instance === undefined ? (link === undefined ? name : `${name}#${link}`) : `${name}@${instance}`, sample);
    },

    build(position) {
      const blanks: Record<string, string> = {};
      const read = (field: string, names: readonly string[], isPerInstance = false): number | undefined => {
        for (const name of names) {
          const sample = values.get(name) ?? (isPerInstance ? undefined : firstInstance(values, name, instances));
          const result = sample === undefined ? undefined : metricValue(sample.raw);
          if (result === undefined) continue;
          if ("value" in result) return result.value;
          blanks[field] ??= result.blank;
        }
        return undefined;
      };
      const reading: GpuReading = { index: position, ...identity };
      for (const { field, names, isPerInstance, isZeroAbsent } of NUMBER_METRICS) {
        const value = read(field, names, isPerInstance);
        if (value !== undefined && !(isZeroAbsent === true && value === 0)) reading[field] = value;
      }
      for (const { field, names } of FLAG_METRICS) {
        const value = read(field, names);
        if (value !== undefined) reading[field] = value !== 0;
      }
      const pstate = read("performanceState", ["DEV_PSTATE", "DEV_GPU_PSTATE"]);
      const used = reading.memoryUsedMib;
      const free = read("memoryFreeMib", ["DEV_FB_FREE"], true);
      return compact<GpuReading>({
        ...reading,
        performanceState: pstate === undefined ? undefined : `P${pstate}`,
        memoryTotalMib:
          reading.memoryTotalMib ??
          (used === undefined || free === undefined ? undefined : used + free + (reading.memoryReservedMib ?? 0)),
        migMode: instances.size > 0 ? true : reading.migMode,
        migInstances: instances.size > 0 ? instances.size : undefined,
        eccVolatile: eccOf("eccVolatile", read),
        eccAggregate: eccOf("eccAggregate", read),
        remapBanks: remapBanksOf(values),
        nvlinks: nvlinksOf(values),
        windowedXids: Object.keys(windowedXids).length > 0 ? windowedXids : undefined,
        blanks: Object.keys(blanks).length > 0 ? blanks : undefined,
      });
    },
  };
}

/** With MIG on, the exporter repeats what is measured for the whole device on the series of each instance. */
function firstInstance(
  values: ReadonlyMap<string, Sample>,
  name: string,
  instances: ReadonlySet<string>,
): Sample | undefined {
  for (const instance of instances) {
    const sample = values.get(`${name}@${instance}`);
    if (sample !== undefined) return sample;
  }
  return undefined;
}

function eccOf(
  life: "eccVolatile" | "eccAggregate",
  read: (field: string, names: readonly string[]) => number | undefined,
): EccCounts | undefined {
  const counts: Record<string, number | undefined> = {};
  for (const row of ECC_METRICS) if (row.life === life) counts[row.kind] = read(`${life}.${row.kind}`, [row.name]);
  // A total without rows by kind is booked as device memory, where nearly all of it arises.
  const rest = (total: number | undefined, sram: number | undefined): number | undefined =>
    total === undefined ? undefined : Math.max(0, total - (sram ?? 0));
  const ecc = compact<EccCounts>({
    dramCorrected: counts["dramCorrected"] ?? rest(counts["totalCorrected"], counts["sramCorrected"]),
    dramUncorrected: counts["dramUncorrected"] ?? rest(counts["totalUncorrected"], counts["sramUncorrected"]),
    sramCorrected: counts["sramCorrected"],
    sramUncorrected: counts["sramUncorrected"],
  });
  return Object.keys(ecc).length === 0 ? undefined : ecc;
}

function remapBanksOf(values: ReadonlyMap<string, Sample>): GpuReading["remapBanks"] {
  const banks: Record<string, number> = {};
  for (const [name, sample] of values) {
    const bank = REMAP_BANK_METRIC.exec(name)?.[1]?.toLowerCase();
    const result = metricValue(sample.raw);
    if (bank !== undefined && "value" in result) banks[bank] = result.value;
  }
  const { max, high, partial, low, none } = banks;
  return max === undefined || high === undefined || partial === undefined || low === undefined || none === undefined
    ? undefined
    : { max, high, partial, low, none };
}

/** Link -1 is the sum over all links, kept only where the exporter has no counters by link. */
function nvlinksOf(values: ReadonlyMap<string, Sample>): NvlinkReading[] | undefined {
  const links = new Map<number, NvlinkReading>();
  for (const [key, sample] of values) {
    const [name = "", label] = key.split("#");
    const match = NVLINK_METRIC.exec(name);
    const result = metricValue(sample.raw);
    if (match === null || !("value" in result)) continue;
    const link =
      match[2] === undefined ? (label !== undefined && /^\d{1,3}$/.test(label) ? Number(label) : -1) : Number(match[2]);
    const row = links.get(link) ?? { link };
    links.set(link, row);
    if (match[1] === "REPLAY") row.replayErrors = result.value;
    else if (match[1] === "RECOVERY") row.recoveryErrors = result.value;
    else row.crcErrors = (row.crcErrors ?? 0) + result.value;
  }
  if (links.size > 1) links.delete(-1);
  return links.size === 0 ? undefined : [...links.values()].sort((a, b) => a.link - b.link);
}
