import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import { AlertStatus } from "../../tools/gpu/alerts/alert.ts";
import type { GpuToolContext } from "../../tools/gpu/context.ts";
import { generateAlert } from "../../tools/gpu/generate-alert.ts";
import { listAlerts } from "../../tools/gpu/list-alerts.ts";
import { updateAlert } from "../../tools/gpu/update-alert.ts";
import { clientGone } from "../client-gone.ts";
import { runTool } from "../run-tool.ts";

const Params = z.object({ alert_id: z.string() });

/** `/api/v1/alerts`: the alert book over plain HTTP. */
export const alertRoutes = (context: GpuToolContext): FastifyPluginCallbackZod =>
  function registerAlertRoutes(app, _options, done) {
    const tags = ["alerts"];

    app.get(
      "/api/v1/alerts",
      {
        schema: {
          tags,
          summary: "Alerts, newest first",
          querystring: z.object({
            status: AlertStatus.optional(),
            severity: z.string().optional(),
            gpu_id: z.coerce.number().int().min(0).optional(),
            limit: z.coerce.number().int().min(1).optional(),
          }),
        },
      },
      (request, reply) => runTool(listAlerts, request.query, { context, signal: clientGone(reply) }),
    );

    app.post(
      "/api/v1/alerts",
      {
        schema: {
          tags,
          summary: "Raise an alert; the same fault is counted, not raised twice",
          body: generateAlert.input,
        },
      },
      (request, reply) => runTool(generateAlert, request.body, { context, signal: clientGone(reply) }),
    );

    app.get(
      "/api/v1/alerts/:alert_id",
      { schema: { tags, summary: "One alert and what was sent for it", params: Params } },
      (request) => ({
        alert: context.alerts.get(request.params.alert_id),
        notifications: context.alerts.notifications(request.params.alert_id),
      }),
    );

    app.post(
      "/api/v1/alerts/:alert_id/:action",
      {
        schema: {
          tags,
          summary: "Acknowledge, snooze or close an alert",
          params: Params.extend({ action: z.enum(["acknowledge", "snooze", "close"]) }),
          body: z
            .object({ minutes: z.number().optional(), by: z.string().optional(), reason: z.string().optional() })
            .optional(),
        },
      },
      (request, reply) =>
        runTool(updateAlert, { ...request.body, ...request.params }, { context, signal: clientGone(reply) }),
    );

    done();
  };
