import { type Setting, secret, setting, text, url } from "./setting.ts";

/** Where alerts are sent. */
export const ALERTS_SETTINGS = {
  ALERT_WEBHOOK_URL: setting("alerts", url.optional(), "", "Alerts are posted here as JSON."),
  ALERT_WEBHOOK_SECRET: secret("alerts", "Signs webhook bodies (HMAC-SHA256 in `x-nemops-signature`)."),
  ALERT_FILE: setting("alerts", text.optional(), "", "Alerts are appended to this file, one JSON object a line."),
} as const satisfies Record<string, Setting>;
