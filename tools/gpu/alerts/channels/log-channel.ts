import type { Log } from "../../../../lib/log.ts";
import type { Channel } from "./channel.ts";

/** Writes one line to the service's own log. The analysis stays out of it: logs carry facts, not prose. */
export function createLogChannel(log: Log): Channel {
  return {
    name: "log",
    reachesPeople: false,
    send({ alert, notification }) {
      const level = alert.severity === "info" ? "info" : "warn";
      if (!log.isLevelEnabled(level)) {
        return Promise.resolve({ status: "refused", error: `LOG_LEVEL=${log.level} leaves ${level} lines out` });
      }
      log[level](
        {
          alert_id: alert.alert_id,
          severity: alert.severity,
          priority: alert.priority,
          title: alert.title,
          node: alert.node,
          gpu: alert.gpu,
          rule: alert.rule,
          count: alert.count,
          recipient: notification.recipient,
          simulated: alert.is_simulated,
        },
        "alert notification",
      );
      return Promise.resolve({ status: "accepted" });
    },
  };
}
