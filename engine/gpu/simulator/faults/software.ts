import { noiseAt, round } from "../noise.ts";
import {
  after,
  allGpus,
  countSince,
  type Fault,
  gpuOf,
  jobLine,
  jobProcess,
  kernel,
  type LogLine,
  stopJob,
  truthOf,
  xidLine,
} from "../fault.ts";

/** Device memory nearly full and allocations that fail. */
export const memoryPressure: Fault = {
  apply(draft, context) {
    const gpu = gpuOf(draft, context.gpu);
    const total = gpu.memoryTotalMib ?? 0;
    gpu.memoryUsedMib = round(total * (0.985 + 0.003 * noiseAt(`${context.spec.key}:full`, context.nowMs, 60_000)));
    gpu.processes = gpu.processes?.map((process) => ({ ...process, memoryUsedMib: (gpu.memoryUsedMib ?? 0) - 600 }));
  },
  log(context) {
    const totalGib = (context.spec.model.memoryTotalMib / 1024).toFixed(2);
    return [0, 95, 260].map((seconds) =>
      jobLine(
        context,
        context.gpu,
        after(context, seconds),
        `torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB. GPU ${context.gpu} has a total capacity of ${totalGib} GiB of which 612.00 MiB is free.`,
      ),
    );
  },
};

/** XID 13 and 43 that travel with the job from one GPU to another. */
export const appFaultXid13: Fault = {
  apply() {
    // The job was restarted and the hardware shows nothing.
  },
  log(context) {
    const second = context.peers[0] ?? context.identity;
    return [
      ...illegalAccess(context, context.gpu, 0, "GPC 2, TPC 5, SM 1"),
      // The job manager restarts the job with its ranks on other GPUs.
      ...illegalAccess(context, second.index, 540, "GPC 0, TPC 3, SM 0"),
    ];
  },
};

function illegalAccess(context: Parameters<Fault["log"]>[0], gpu: number, seconds: number, place: string): LogLine[] {
  const identity = context.spec.gpus[gpu] ?? context.identity;
  const process = jobProcess(context, context.gpu);
  return [
    xidLine(
      identity,
      13,
      after(context, seconds),
      `${process}, Graphics SM Warp Exception on (${place}): Out Of Range Address`,
    ),
    xidLine(
      identity,
      13,
      after(context, seconds),
      `${process}, Graphics Exception: ESR 0x516730=0x109000e 0x516734=0x24 0x516728=0xc81eb60 0x51672c=0x1174`,
    ),
    xidLine(identity, 43, after(context, seconds + 1), `${process}, Ch 00000010`),
    jobLine(
      context,
      context.gpu,
      after(context, seconds + 2),
      "RuntimeError: CUDA error: an illegal memory access was encountered",
    ),
  ];
}

/** Wrong results on one GPU; only the job and a long test show it. */
export const sdcSuspect: Fault = {
  apply(draft, context) {
    truthOf(draft, context.gpu).hasWrongResults = true;
  },
  log(context) {
    const device = `cuda:${context.gpu}`;
    return [
      jobLine(
        context,
        context.gpu,
        after(context, 0),
        `step 48211 loss=nan grad_norm=inf rank=${context.gpu} device=${device}`,
      ),
      jobLine(
        context,
        context.gpu,
        after(context, 310),
        `replay of step 48211 on a spare node gives loss=1.8342: result differs on ${device}`,
      ),
      jobLine(
        context,
        context.gpu,
        after(context, 900),
        `step 48377 loss=nan grad_norm=inf rank=${context.gpu} device=${device}`,
      ),
    ];
  },
};

/** The exporter shows an XID of days ago and profiling values of zero. */
export const staleTelemetry: Fault = {
  apply(draft, context) {
    const gpu = gpuOf(draft, context.gpu);
    gpu.lastXid = 31;
    gpu.graphicsEngineActive = 0;
  },
  log: () => [],
};

/** Fabric manager of another version than the driver: links exist, the fabric is never ready. */
export const fabricManagerDown: Fault = {
  needs: "NVLink",
  uptimeMs: (random) => Math.round((20 + 40 * random()) * 60_000),
  apply(draft, context) {
    stopJob(draft, context, allGpus(context));
    draft.reading.isFabricManagerRunning = false;
    draft.reading.fabricManagerVersion = OLD_FABRIC_MANAGER;
    for (const index of allGpus(context)) {
      const gpu = gpuOf(draft, index);
      if (gpu.fabricState === undefined) continue;
      gpu.fabricState = "In Progress";
      gpu.fabricStatus = undefined;
    }
  },
  log: (context) => [
    {
      atMs: after(context, 38),
      program: "nv-fabricmanager[2417]",
      text: `fabric manager NVIDIA GPU driver interface version ${OLD_FABRIC_MANAGER} don't match with driver version ${context.spec.model.driverVersion}. Please update with matching NVIDIA driver package.`,
    },
    {
      atMs: after(context, 38),
      program: "systemd[1]",
      text: "nvidia-fabricmanager.service: Main process exited, code=exited, status=1/FAILURE",
    },
    {
      atMs: after(context, 38),
      program: "systemd[1]",
      text: "nvidia-fabricmanager.service: Failed with result 'exit-code'.",
    },
    jobLine(
      context,
      context.gpu,
      after(context, 420),
      "RuntimeError: Unexpected error from cudaGetDeviceCount(). Error 802: system not yet initialized",
    ),
  ],
};

const OLD_FABRIC_MANAGER = "570.172.08";

/** Packages updated under the loaded module. */
export const driverMismatch: Fault = {
  apply(draft, context) {
    const newer = newerVersion(context.spec.model.driverVersion);
    draft.reading.gpus.length = 0;
    draft.reading.attachedGpus = undefined;
    draft.reading.driverVersion = undefined;
    draft.reading.cudaVersion = undefined;
    const message = `Failed to initialize NVML: Driver/library version mismatch\nNVML library version: ${newer.replace(/\.\d+$/, "")}`;
    draft.reading.problems.push({ kind: "driver_mismatch", message });
    draft.smi = { message, hasDocument: false, exitCode: 18 };
  },
  log(context) {
    const { driverVersion } = context.spec.model;
    const mismatch = `NVRM: API mismatch: the client has the version ${newerVersion(driverVersion)}, but this kernel module has the version ${driverVersion}.  Please make sure that this kernel module and all NVIDIA driver components have the same version.`;
    return [
      {
        atMs: after(context, 0),
        program: "unattended-upgrade[88112]",
        text: `Packages that were upgraded: libnvidia-compute nvidia-utils (${newerVersion(driverVersion)})`,
      },
      kernel(after(context, 75), mismatch),
      kernel(after(context, 375), mismatch),
    ];
  },
};

function newerVersion(version: string): string {
  const [major = "580", minor = "0"] = version.split(".");
  return `${major}.${Number(minor) + 10}.02`;
}

/** One InfiniBand port down and up, nine times in a few minutes and then every quarter of an hour. */
export const ibFlap: Fault = {
  apply() {
    // The GPUs are fine; only the network device shows it.
  },
  log(context) {
    const device = "mlx5_core 0000:5c:00.0 ib2:";
    const flaps = Math.min(9 + countSince(context, 1 / 15), 40);
    return Array.from({ length: flaps }, (_, turn) => {
      const seconds = turn < 9 ? turn * 70 : 9 * 70 + (turn - 8) * 900;
      return [
        kernel(after(context, seconds), `${device} Link down`),
        kernel(after(context, seconds + 4), `${device} Link up`),
        ...(turn % 4 === 2
          ? [
              jobLine(
                context,
                context.gpu,
                after(context, seconds + 5),
                "NCCL WARN NET/IB : Got completion from peer 10.0.7.12<45120> with status=12 opcode=0 len=0 vendor err 129 (Recv)",
              ),
            ]
          : []),
      ];
    }).flat();
  },
};
