import { readServiceConfig } from "../../read-service-config.ts";
import { isObject } from "./translation.ts";

/**
 * A config of the `v1` API in the open-source form, ready for `parseDesign`. The name of a seed dataset is one of the
 * service's data store, so it is read as the path of a repository. Whatever it does not know stays; never throws.
 */
export function fromV1Config(config: unknown): unknown {
  if (!isObject(config)) return config;
  const { seed_config: seed, ...rest } = config;
  const read = readServiceConfig(rest);
  return isObject(read) ? { ...read, ...(seed === undefined ? {} : { seed_config: fromSeed(seed) }) } : read;
}

function fromSeed(seed: unknown): unknown {
  if (!isObject(seed) || !("dataset" in seed)) return seed;
  const { dataset, ...rest } = seed;
  return { source: { seed_type: "hf", path: dataset }, ...rest };
}
