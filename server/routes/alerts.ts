import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import { Alert, AlertStatus, Notification } from "../../tools/gpu/alerts/alert.ts";
import type { GpuToolContext } from "../../tools/gpu/context.ts";
import { generateAlert } from "../../tools/gpu/generate-alert.ts";
import { listAlerts } from "../../tools/gpu/list-alerts.ts";
import { updateAlert } from "../../tools/gpu/update-alert.ts";
import { clientGone } from "../client-gone.ts";
import { named } from "../openapi/names.ts";
import { jsonOf } from "../openapi/route-docs.ts";
import { runTool } from "../run-tool.ts";

const Params = z.object({
  alert_id: z.string().meta({ description: "Id of the alert.", examples: ["NEMOPS-1A2B3C4D"] }),
});
named("Alert", Alert);
named("AlertNotification", Notification);
const AlertDetail = named("AlertDetail", z.object({ alert: Alert, notifications: z.array(Notification) }));

/** `/api/v1/alerts`: the alert book over plain HTTP. */
export const alertRoutes = (context: GpuToolContext): FastifyPluginCallbackZod =>
  function registerAlertRoutes(app, _options, done) {
    const tags = ["alerts"];

    app.get(
      "/api/v1/alerts",
      {
        schema: {
          tags,
          operationId: "listAlerts",
          summary: "Alerts, newest first",
          response: { 200: named("AlertList", listAlerts.output) },
          querystring: z.object({
            status: AlertStatus.optional().describe("Only alerts of this status."),
            severity: z.string().optional().describe("Only alerts of this severity: critical, warning or info."),
            gpu_id: z.coerce.number().int().min(0).optional().describe("Only alerts about this GPU."),
            limit: z.coerce.number().int().min(1).optional().describe("How many."),
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
          operationId: "raiseAlert",
          summary: "Raise an alert; the same fault is counted, not raised twice",
          body: named("RaiseAlertRequest", generateAlert.input),
          response: { 200: named("RaisedAlert", generateAlert.output) },
        },
      },
      (request, reply) => runTool(generateAlert, request.body, { context, signal: clientGone(reply) }),
    );

    app.get(
      "/api/v1/alerts/:alert_id",
      {
        schema: {
          tags,
          operationId: "getAlert",
          summary: "One alert and what was sent for it",
          params: Params,
          response: { 200: jsonOf(AlertDetail) },
          errors: ["alert_not_found"],
        },
      },
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
          operationId: "updateAlert",
          summary: "Acknowledge, snooze or close an alert",
          response: { 200: named("UpdatedAlert", updateAlert.output) },
          errors: ["alert_not_found", "conflict"],
          params: Params.extend({ action: z.enum(["acknowledge", "snooze", "close"]).describe("What to do with it.") }),
          body: z
            .object({
              minutes: z
                .number()
                .optional()
                .meta({ description: "How long to snooze.", examples: [30] }),
              by: z
                .string()
                .optional()
                .meta({ description: "Who does it.", examples: ["ada"] }),
              reason: z.string().optional().describe("Why."),
            })
            .optional(),
        },
      },
      (request, reply) =>
        runTool(updateAlert, { ...request.body, ...request.params }, { context, signal: clientGone(reply) }),
    );

    done();
  };
