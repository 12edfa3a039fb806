import { systemClock } from "../lib/clock.ts";
import { createLog } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { type GenerationServices, createGenerationServices } from "../tools/data/generation-services.ts";
import { readConfig } from "./context.ts";

/** What commands that make rows without a server ask outside: the models that the settings name. */
export function openGeneration(): GenerationServices & Disposable {
  const config = readConfig();
  const log = createLog({ level: "warn" });
  const services = createGenerationServices({ config, clock: systemClock, random: systemRandom, log });
  return { ...services, [Symbol.dispose]: () => services.close() };
}
