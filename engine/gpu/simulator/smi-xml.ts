import type { GpuReading, NodeReading } from "../reading.ts";
import { renderGpu } from "./smi-xml-gpu.ts";
import { element, leaf } from "./xml.ts";

/** What `nvidia-smi -q -x` prints as its document: the GPUs the driver can still list, by PCI address. */
export function renderSmiXml(reading: NodeReading, schema: 12 | 13, nowMs: number): string {
  const gpus = reading.gpus.filter((gpu) => gpu.isLost !== true);
  const body = [
    ...leaf("timestamp", timestamp(nowMs)),
    ...leaf("driver_version", reading.driverVersion),
    ...leaf("cuda_version", reading.cudaVersion),
    ...leaf("attached_gpus", reading.attachedGpus),
    ...gpus.flatMap((gpu: GpuReading) => renderGpu(gpu, schema)),
  ];
  return [
    '<?xml version="1.0" ?>',
    `<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v${schema}.dtd">`,
    ...element("nvidia_smi_log", body),
    "",
  ].join("\n");
}

/** `Sun Nov 22 16:36:45 2026`, as the C library's asctime gives it. */
function timestamp(nowMs: number): string {
  const [day, date, month, year, time] = new Date(nowMs).toUTCString().replace(",", "").split(" ");
  return `${day} ${month} ${String(Number(date)).padStart(2, " ")} ${time} ${year}`;
}
