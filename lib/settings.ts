import { ALERTS_SETTINGS } from "./settings/alerts.ts";
import { DATA_SETTINGS } from "./settings/data.ts";
import { GPU_SETTINGS } from "./settings/gpu.ts";
import { INCIDENTS_SETTINGS } from "./settings/incidents.ts";
import { MCP_SETTINGS } from "./settings/mcp.ts";
import { MODEL_SETTINGS } from "./settings/model.ts";
import { SERVICE_SETTINGS } from "./settings/service.ts";
import type { Setting } from "./settings/setting.ts";

/**
 * Every environment variable the project reads. README.md and .env.example are held equal to this table by a test.
 * An empty variable counts as unset.
 * One file a group, in the order in which the documents show them.
 */
export const SETTINGS = {
  ...SERVICE_SETTINGS,
  ...MODEL_SETTINGS,
  ...GPU_SETTINGS,
  ...INCIDENTS_SETTINGS,
  ...ALERTS_SETTINGS,
  ...DATA_SETTINGS,
  ...MCP_SETTINGS,
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof SETTINGS;
