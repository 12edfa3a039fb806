import {
  after,
  allGpus,
  boardLines,
  type Fault,
  type FaultContext,
  gpuOf,
  jobLine,
  jobProcess,
  kernel,
  type LogLine,
  NO_PROCESS,
  type NodeDraft,
  stopJob,
  truthOf,
  xidLine,
} from "../fault.ts";

/** The driver's text when no spare row is left, with the address of the failed row. */
const EXHAUSTED = "Row Remapper Error: (0x000000000137f7a0) - All reserved rows for bank are remapped";

/** XID 48 + 63 + 94: a row went bad, a spare one waits for the reset. */
export const eccErrors: Fault = {
  needs: "row remapping",
  apply(draft, context) {
    addBadRow(draft, context);
    const gpu = gpuOf(draft, context.gpu);
    gpu.remappedUncorrectable = 1;
    gpu.isRemapPending = true;
    gpu.isResetRequired = true;
    if (gpu.isDrainAndResetRecommended !== undefined) gpu.isDrainAndResetRecommended = true;
    if (gpu.recoveryAction !== undefined) gpu.recoveryAction = "Drain and Reset";
    if (gpu.remapBanks !== undefined) gpu.remapBanks = { ...gpu.remapBanks, max: gpu.remapBanks.max - 1, high: 1 };
  },
  log: (context) => [
    ...doubleBitError(context),
    xidLine(
      context.identity,
      63,
      after(context, 1),
      `${NO_PROCESS}, Row Remapper: New row (0x000000000137f7a0) marked for remapping, reset gpu to activate.`,
    ),
    xidLine(
      context.identity,
      94,
      after(context, 1),
      `${jobProcess(context, context.gpu)}, Contained: SM (0x1). RST: No, D-RST: Yes`,
    ),
    ...jobTornDown(context, 2),
  ],
};

/** XID 48 + 64: the bank has no spare row left. `isContained` tells the two scenarios with it apart. */
function exhaustedRows(isContained: boolean): Fault {
  return {
    needs: "row remapping",
    apply(draft, context) {
      addBadRow(draft, context);
      const gpu = gpuOf(draft, context.gpu);
      gpu.remappedUncorrectable = 9;
      gpu.isRemapFailed = true;
      gpu.isResetRequired = true;
      if (gpu.recoveryAction !== undefined) gpu.recoveryAction = "Reset";
      if (gpu.remapBanks !== undefined) {
        gpu.remapBanks = { ...gpu.remapBanks, max: gpu.remapBanks.max - 2, low: 1, none: 1 };
      }
    },
    log: (context) => [
      ...doubleBitError(context),
      xidLine(context.identity, 64, after(context, 1), `${NO_PROCESS}, ${EXHAUSTED}`),
      isContained
        ? xidLine(
            context.identity,
            94,
            after(context, 1),
            `${jobProcess(context, context.gpu)}, Contained: SM (0x1). RST: No, D-RST: No`,
          )
        : xidLine(context.identity, 95, after(context, 1), `${NO_PROCESS}, Uncontained: FBHUB. RST: Yes, D-RST: No`),
      ...jobTornDown(context, 2),
    ],
  };
}

export const eccErrorsExhausted = exhaustedRows(true);
export const rowRemapExhausted = exhaustedRows(false);

/** XID 94 alone: one process used poisoned data, nothing waits for a reset. */
export const contained94: Fault = {
  needs: "row remapping",
  apply(draft, context) {
    stopJob(draft, context, [context.gpu]);
    const gpu = gpuOf(draft, context.gpu);
    if (gpu.eccVolatile !== undefined) gpu.eccVolatile.sramUncorrected = 1;
    if (gpu.eccAggregate !== undefined) gpu.eccAggregate.sramUncorrected = 1;
  },
  log: (context) => [
    ...boardLines(context.identity, after(context, 0)),
    xidLine(
      context.identity,
      94,
      after(context, 0),
      `${jobProcess(context, context.gpu)}, Contained: SM (0x1). RST: No, D-RST: No`,
    ),
    xidLine(
      context.identity,
      45,
      after(context, 1),
      `${jobProcess(context, context.gpu)}, Ch 00000009, errorString CTX SWITCH TIMEOUT, Info 0x2c01d`,
    ),
    jobLine(context, context.gpu, after(context, 2), "RuntimeError: CUDA error: uncorrectable ECC error encountered"),
  ],
};

function addBadRow(draft: NodeDraft, context: FaultContext): void {
  // The collective needs every rank, so the whole job ends with the one that hit the error.
  stopJob(draft, context, allGpus(context));
  const gpu = gpuOf(draft, context.gpu);
  if (gpu.eccVolatile !== undefined) gpu.eccVolatile.dramUncorrected = 1;
  if (gpu.eccAggregate !== undefined) gpu.eccAggregate.dramUncorrected = 2;
  truthOf(draft, context.gpu).hasBadRow = true;
}

function doubleBitError(context: FaultContext): LogLine[] {
  return [
    ...boardLines(context.identity, after(context, 0)),
    xidLine(
      context.identity,
      48,
      after(context, 0),
      `${NO_PROCESS}, An uncorrectable double bit error (DBE) has been detected on GPU in the framebuffer at physical address 0x137f7a000 partition 4, subpartition 0.`,
    ),
  ];
}

function jobTornDown(context: FaultContext, seconds: number): LogLine[] {
  return [
    xidLine(
      context.identity,
      45,
      after(context, seconds),
      `${jobProcess(context, context.gpu)}, Ch 0000000a, errorString DBE, caused by previous Xid 48`,
    ),
    jobLine(
      context,
      context.gpu,
      after(context, seconds + 1),
      "RuntimeError: CUDA error: uncorrectable ECC error encountered",
    ),
    kernel(after(context, seconds + 30), `nvidia ${context.identity.pci}: pending work cancelled`),
  ];
}
