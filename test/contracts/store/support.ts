/** A moment, in milliseconds, that all cases start from. */
export const NOW_MS = 1_800_000_000_000;

/** What an engine may stumble over. */
export const ODD = "naïve 😀 'quoted' \"double\" back\\slash %_ \u0001";
