import { readFileSync } from "node:fs";

import { parseSmiXml } from "../engine/gpu/readings/smi-xml.ts";
import { type BenchRow, median } from "./row.ts";

const GPUS = 8;
const WARM_UP = 20;
const REPETITIONS = 41;

/** Parsing of an 8-GPU `nvidia-smi -q -x`, with the clock lists of a data-centre part and of the longest part seen. */
export async function benchSmiXml(): Promise<BenchRow[]> {
  return [measure("220 supported clocks a GPU", 110, 2), measure("1,560 supported clocks a GPU", 390, 4)];
}

function measure(label: string, clocks: number, memoryClocks: number): BenchRow {
  const xml = eightGpus(clocks, memoryClocks);
  for (let run = 0; run < WARM_UP; run += 1) parseSmiXml(xml);
  const times: number[] = [];
  for (let run = 0; run < REPETITIONS; run += 1) {
    const start = performance.now();
    if (parseSmiXml(xml).gpus.length !== GPUS) throw new Error("the XML was not read");
    times.push(performance.now() - start);
  }
  const kib = Math.round(Buffer.byteLength(xml) / 1_024);
  return {
    what: "nvidia-smi XML to reading",
    size: `${GPUS} GPUs, ${kib} KiB (${label}), median of ${REPETITIONS}`,
    figure: median(times),
    unit: "ms",
    budget: "<= 15 ms",
  };
}

/** The v13 capture, its GPU repeated and its list of supported clocks brought to full length. */
function eightGpus(clocks: number, memoryClocks: number): string {
  const capture = readFileSync(new URL("../test/fixtures/gpu/rtx-pro-6000-v13.xml", import.meta.url), "utf8");
  const start = capture.indexOf("\t<gpu ");
  const end = capture.indexOf("\t</gpu>") + "\t</gpu>".length;
  const list = Array.from(
    { length: clocks },
    (_, at) => `\t\t\t\t<supported_graphics_clock>${180 + at * 7} MHz</supported_graphics_clock>\n`,
  ).join("");
  const lists = `\t\t\t<supported_mem_clock>\n\t\t\t\t<value>2619 MHz</value>\n${list}\t\t\t</supported_mem_clock>\n`;
  const gpu = capture
    .slice(start, end)
    .replace(
      /<supported_clocks>[\s\S]*<\/supported_clocks>/,
      `<supported_clocks>\n${lists.repeat(memoryClocks)}\t\t</supported_clocks>`,
    );
  return capture.slice(0, start) + Array.from({ length: GPUS }, () => gpu).join("\n") + capture.slice(end);
}
