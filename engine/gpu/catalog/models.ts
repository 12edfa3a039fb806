import { z } from "zod";

import data from "./model-limits.json" with { type: "json" };

/**
 * What a GPU model should look like. A fallback and a sanity check: thresholds that the device reports come first.
 * A value that is unknown for the model, or that has to be read from the device, is absent.
 */
export const ModelLimits = z.object({
  model: z.string(),
  architecture: z.enum(["turing", "ampere", "ada", "hopper", "blackwell"]),
  /** As nvidia-smi prints it. */
  memoryTotalMib: z.number().optional(),
  defaultPowerW: z.number().optional(),
  maxOperatingC: z.number().optional(),
  slowdownC: z.number().optional(),
  shutdownC: z.number().optional(),
  memoryMaxC: z.number().optional(),
  /** The device reports the distance to its limit in place of absolute limits. */
  hasTemperatureLimitMargin: z.boolean(),
  /** Margins at which the part slows down and stops; 0 or negative. */
  slowdownMarginC: z.number().optional(),
  shutdownMarginC: z.number().optional(),
  pcieGeneration: z.number(),
  pcieWidth: z.number(),
  /** A narrower width that some hosts have by design. */
  acceptedPcieWidth: z.number().optional(),
  nvlinkVersion: z.number().optional(),
  /** Links that must be active; absent for parts without NVLink and for bridge cards, where a bridge may be missing. */
  nvlinkCount: z.number().optional(),
  nvlinkGbPerSecondPerLink: z.number().optional(),
  nvlinkGbPerSecondTotal: z.number().optional(),
  remapBanks: z.number().optional(),
  /** Pass lines of the DCGM diagnostic for this SKU: 75 % of what was measured. */
  diagnostic: z
    .object({
      deviceId: z.string(),
      targetPowerW: z.number(),
      stressGflops: z.number(),
      memoryBandwidthMbPerSecond: z.number(),
      minPcieGeneration: z.number().optional(),
      minPcieWidth: z.number().optional(),
      note: z.string().optional(),
    })
    .optional(),
  /** Pass lines of a whole node with this model, from an operator. */
  nodeAcceptance: z
    .object({
      hostDeviceGbPerSecond: z.number(),
      peerGbPerSecond: z.number(),
      allReduceGbPerSecond: z.number(),
      source: z.string(),
    })
    .optional(),
  source: z.string(),
});
export type ModelLimits = z.infer<typeof ModelLimits>;

const ModelFile = z.array(
  z.object({
    /** Words that must all occur in the product name, and words that must not. */
    words: z.array(z.string()).min(1),
    notWords: z.array(z.string()).optional(),
    limits: ModelLimits,
  }),
);

const rows = ModelFile.parse(data);

/** All models of the table. Sources stand in each row. */
export const MODELS: readonly ModelLimits[] = rows.map((row) => row.limits);

/**
 * Limits by product name as drivers print it, for example `NVIDIA H100 80GB HBM3`, `NVIDIA A100-SXM4-80GB`, `Tesla T4`.
 * The most specific row of the table wins. Undefined for a model that is not in it, which means: no sanity check, the
 * device's own limits only.
 */
export function modelLimits(name: string): ModelLimits | undefined {
  const words = new Set(name.toUpperCase().split(/[^A-Z0-9]+/));
  let best: (typeof rows)[number] | undefined;
  for (const row of rows) {
    if (!row.words.every((word) => words.has(word))) continue;
    if (row.notWords?.some((word) => words.has(word)) === true) continue;
    if (best === undefined || row.words.length > best.words.length) best = row;
  }
  return best?.limits;
}
