/** Transfer rate per lane in GT/s by PCIe generation. Source: PCI Express base specifications 1.0 to 6.0. */
export const PCIE_GT_PER_SECOND: Readonly<Record<number, number>> = { 1: 2.5, 2: 5, 3: 8, 4: 16, 5: 32, 6: 64 };

/**
 * Replays per minute above which a PCIe link is judged bad: 6 % of lanes × GT/s, rounded up. Gen4 x16 gives 16, Gen5 x16
 * gives 31. Undefined for a generation outside 1–6 or a width that is not positive. Source: NVIDIA/DCGM PCIe watch (2026-07).
 */
export function pcieReplayLimitPerMinute(generation: number, width: number): number | undefined {
  const rate = PCIE_GT_PER_SECOND[generation];
  if (rate === undefined || !(width > 0)) return undefined;
  // Times 6 and then divided by 100: 0.06 has no exact form, and a product that should be whole must not be rounded up.
  return Math.ceil((width * rate * 6) / 100);
}
