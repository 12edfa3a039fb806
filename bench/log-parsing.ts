import { createLogParser } from "../engine/gpu/log/parse-log.ts";
import { type BenchRow, median } from "./row.ts";

const MEBIBYTE = 1024 * 1024;
const TARGET_BYTES = 64 * MEBIBYTE;
const CHUNK_BYTES = 64 * 1024;
const REPETITIONS = 5;

const NOISE: readonly string[] = [
  "Feb 23 10:00:00 node-07 systemd[1]: Started session-48213.scope - Session 48213 of User svc-train.",
  'Feb 23 10:00:01 node-07 kernel: [812345.678901] audit: type=1400 audit(1740304801.412:9912): apparmor="ALLOWED" operation="open" profile="snap.lxd" pid=48213 comm="lxd"',
  "Feb 23 10:00:02 node-07 CRON[48221]: (root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)",
  'Feb 23 10:00:03 node-07 kubelet[3114]: I0223 10:00:03.118273    3114 kubelet_volumes.go:163] "Cleaned up orphaned pod volumes dir" podUID="7f0a1c62-4a4e-4f0a-9a3d-0d6f1f6f0c11"',
  "Feb 23 10:00:04 node-07 kernel: [812348.100113] perf: interrupt took too long (4971 > 4951), lowering kernel.perf_event_max_sample_rate to 40000",
  'Feb 23 10:00:05 node-07 containerd[2890]: time="2025-02-23T10:00:05.771Z" level=info msg="cleaning up dead shim" namespace=k8s.io',
  "Feb 23 10:00:06 node-07 kernel: [812350.220114] nfs: server storage-12 OK",
  "Feb 23 10:00:07 node-07 python[48777]: step 48211 loss=1.8342 grad_norm=0.41 lr=2.9e-4 tokens/s=10233 rank=3",
  "Feb 23 10:00:08 node-07 sshd[50221]: Accepted publickey for ops from 10.20.30.40 port 51022 ssh2: ED25519 SHA256:1pQx",
];

const GPU: readonly string[] = [
  "Feb 23 10:01:00 node-07 kernel: [812401.111111] NVRM: GPU at PCI:0000:3b:00: GPU-660d987e-5b28-3bf6-2a2d-1d5ecae7f6df",
  "Feb 23 10:01:00 node-07 kernel: [812401.111112] NVRM: Xid (PCI:0000:3b:00): 48, pid=48777, name=python3, DBE (double bit error) ECC Error",
  "Feb 23 10:01:00 node-07 kernel: [812401.111113] NVRM: Xid (PCI:0000:3b:00): 63, Row Remapper: New row marked for remapping, reset gpu to activate.",
  "Feb 23 10:01:01 node-07 kernel: [812402.000001] NVRM: Xid (PCI:0000:5d:00): 13, pid=48777, name=python3, Graphics SM Warp Exception on (GPC 3, TPC 1, SM 0): Out Of Range Address",
  "Feb 23 10:01:02 node-07 kernel: [812403.000001] NVRM: Xid (PCI:0000:ba:00): 149, NETIR_LINK_EVT Fatal XC0 i0 Link 09 (0x004505c6 0x00000000 0x00000000 0x00000000 0x00000000 0x00000000)",
  "Feb 23 10:01:03 node-07 kernel: [812404.000001] nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 24007, Fatal, Link 46 sourcetrack timeout error (First)",
  "Feb 23 10:01:04 node-07 kernel: [812405.000001] pcieport 0000:3a:00.0: AER: Corrected error message received from 0000:3b:00.0",
  "Feb 23 10:01:05 node-07 kernel: [812406.000001] mlx5_core 0000:5c:00.0 ib0: Link down",
];

/** Measures the log parser on a log with hardly any GPU lines, on one with many, and on one line in every GPU form. */
export async function benchLogParsing(): Promise<BenchRow[]> {
  return [
    measure("kernel log, 0.1 % GPU lines", 1000),
    measure("kernel log, 20 % GPU lines", 5),
    measure("kernel log, GPU lines only", 1),
  ];
}

function measure(what: string, oneGpuLineIn: number): BenchRow {
  const { bytes, lines } = synthesize(oneGpuLineIn);
  parseInChunks(bytes);
  const rates: number[] = [];
  let events = 0;
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    const begin = process.hrtime.bigint();
    events = parseInChunks(bytes);
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
    rates.push(bytes.length / 1e6 / seconds);
  }
  return {
    what: `log parsing, ${what}`,
    size: `${(bytes.length / 1e6).toFixed(0)} MB, ${lines} lines, ${events} events, ${CHUNK_BYTES / 1024} KiB chunks, median of ${REPETITIONS}`,
    figure: Math.round(median(rates)),
    unit: "MB/s",
    ...(oneGpuLineIn > 1 ? { budget: ">= 50 MB/s" } : {}),
  };
}

function parseInChunks(bytes: Uint8Array): number {
  const parser = createLogParser();
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) parser.push(bytes.subarray(at, at + CHUNK_BYTES));
  const parse = parser.end();
  return parse.events.length + parse.droppedEvents;
}

function synthesize(oneGpuLineIn: number): { bytes: Uint8Array; lines: number } {
  const block: string[] = [];
  for (let line = 0; line < 8000; line += 1) {
    const source = line % oneGpuLineIn === 0 ? GPU : NOISE;
    block.push(source[Math.floor(line / (source === GPU ? oneGpuLineIn : 1)) % source.length] ?? "");
  }
  const encoded = new TextEncoder().encode(`${block.join("\n")}\n`);
  const copies = Math.ceil(TARGET_BYTES / encoded.length);
  const bytes = new Uint8Array(encoded.length * copies);
  for (let copy = 0; copy < copies; copy += 1) bytes.set(encoded, copy * encoded.length);
  return { bytes, lines: block.length * copies };
}
