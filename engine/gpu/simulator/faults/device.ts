import {
  after,
  allGpus,
  boardLines,
  type Fault,
  jobLine,
  jobProcess,
  kernel,
  NO_PROCESS,
  stopJob,
  xidLine,
} from "../fault.ts";

/** XID 79: the device is gone from the bus; its peers lose their channels. */
export const fallenOffBus: Fault = {
  apply(draft, context) {
    stopJob(draft, context, allGpus(context));
    const { index, uuid, pci, serial } = context.identity;
    draft.reading.gpus[context.gpu] = {
      index,
      uuid,
      pci,
      serial,
      name: context.spec.model.productName,
      isLost: true,
      errorText: "GPU is lost",
    };
    draft.reading.attachedGpus = context.spec.gpus.length - 1;
    const address = pci.toUpperCase();
    draft.smi = {
      message: `Unable to determine the device handle for GPU${index}: ${address}: GPU is lost.  Reboot the system to recover this GPU`,
      hasDocument: true,
      exitCode: 15,
    };
  },
  log(context) {
    const { identity } = context;
    return [
      kernel(
        after(context, 0),
        `pcieport ${identity.upstream}: AER: Uncorrected (Fatal) error message received from ${identity.pci}`,
      ),
      ...boardLines(identity, after(context, 1)),
      xidLine(identity, 79, after(context, 1), `${NO_PROCESS}, GPU has fallen off the bus.`),
      kernel(after(context, 1), `NVRM: GPU ${identity.pci}: GPU has fallen off the bus.`),
      kernel(after(context, 1), `NVRM: GPU ${identity.pci}: GPU serial number is ${identity.serial}.`),
      kernel(
        after(context, 2),
        "NVRM: A GPU crash dump has been created. If possible, please run nvidia-bug-report.sh as root to collect this data before the NVIDIA kernel module is unloaded.",
      ),
      xidLine(
        identity,
        154,
        after(context, 2),
        `${NO_PROCESS}, GPU recovery action changed from 0x0 (None) to 0x2 (Node Reboot Required)`,
      ),
      ...context.peers.map((peer) =>
        xidLine(peer, 45, after(context, 4), `${jobProcess(context, peer.index)}, Ch 0000000a`),
      ),
    ];
  },
};

/** XID 119: the GPU's system processor does not answer. */
export const gspTimeout: Fault = {
  apply(draft, context) {
    stopJob(draft, context, allGpus(context));
    const { index, uuid, pci, serial } = context.identity;
    draft.reading.gpus[context.gpu] = {
      index,
      uuid,
      pci,
      serial,
      name: context.spec.model.productName,
      errorText: "GPU requires reset",
      isResetRequired: true,
      ...(context.spec.model.schema === 13 ? { recoveryAction: "Reset" } : { isDrainAndResetRecommended: false }),
    };
  },
  log(context) {
    const timeout = (seconds: number, fn: string) =>
      xidLine(
        context.identity,
        119,
        after(context, seconds),
        `${jobProcess(context, context.gpu)}, Timeout after 6s of waiting for RPC response from GPU${context.gpu} GSP! Expected function ${fn} (0x20801348 0x410).`,
      );
    return [
      ...boardLines(context.identity, after(context, 0)),
      timeout(0, "76 (GSP_RM_CONTROL)"),
      timeout(6, "76 (GSP_RM_CONTROL)"),
      timeout(12, "10 (FREE)"),
      xidLine(
        context.identity,
        154,
        after(context, 13),
        `${NO_PROCESS}, GPU recovery action changed from 0x0 (None) to 0x1 (GPU Reset Required)`,
      ),
      jobLine(context, context.gpu, after(context, 20), "RuntimeError: CUDA error: unknown error"),
    ];
  },
};
