import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import { ServiceError } from "../../lib/errors.ts";
import type { GpuToolContext } from "../../tools/gpu/context.ts";
import { Incident, NewIncident } from "../../tools/gpu/incidents/incident.ts";
import { searchIncidents } from "../../tools/gpu/search-incidents.ts";
import { clientGone } from "../client-gone.ts";
import { runTool } from "../run-tool.ts";

/** `/api/v1/incidents`: past incidents over plain HTTP. */
export const incidentRoutes = (context: GpuToolContext): FastifyPluginCallbackZod =>
  function registerIncidentRoutes(app, _options, done) {
    const tags = ["incidents"];

    app.post(
      "/api/v1/incidents/search",
      { schema: { tags, summary: "Past incidents that resemble a description", body: searchIncidents.input } },
      (request, reply) => runTool(searchIncidents, request.body, { context, signal: clientGone(reply) }),
    );

    app.get(
      "/api/v1/incidents",
      { schema: { tags, summary: "All incidents", response: { 200: z.object({ incidents: z.array(Incident) }) } } },
      async () => ({ incidents: [...(await context.incidents.list())] }),
    );

    app.get(
      "/api/v1/incidents/:incident_id",
      {
        schema: {
          tags,
          summary: "One incident",
          params: z.object({ incident_id: z.string() }),
          response: { 200: Incident },
        },
      },
      async (request) => {
        const incident = await context.incidents.get(request.params.incident_id);
        if (!incident) throw new ServiceError("incident_not_found", `no incident "${request.params.incident_id}"`);
        return incident;
      },
    );

    app.post(
      "/api/v1/incidents",
      { schema: { tags, summary: "Store a resolved incident", body: NewIncident, response: { 201: Incident } } },
      async (request, reply) => reply.code(201).send(await context.incidents.add(request.body)),
    );

    done();
  };
