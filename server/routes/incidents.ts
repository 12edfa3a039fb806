import type { FastifyPluginCallbackZod } from "fastify-type-provider-zod";
import { z } from "zod";

import { ServiceError } from "../../lib/errors.ts";
import type { GpuToolContext } from "../../tools/gpu/context.ts";
import { Incident, NewIncident } from "../../tools/gpu/incidents/incident.ts";
import { searchIncidents } from "../../tools/gpu/search-incidents.ts";
import { clientGone } from "../client-gone.ts";
import { named } from "../openapi/names.ts";
import { runTool } from "../run-tool.ts";

named("Incident", Incident);
const IncidentList = named("IncidentList", z.object({ incidents: z.array(Incident) }));

/** `/api/v1/incidents`: past incidents over plain HTTP. */
export const incidentRoutes = (context: GpuToolContext): FastifyPluginCallbackZod =>
  function registerIncidentRoutes(app, _options, done) {
    const tags = ["incidents"];

    app.post(
      "/api/v1/incidents/search",
      {
        schema: {
          tags,
          operationId: "searchIncidents",
          summary: "Past incidents that resemble a description",
          body: named("SearchIncidentsRequest", searchIncidents.input),
          response: { 200: named("IncidentHits", searchIncidents.output) },
        },
      },
      (request, reply) => runTool(searchIncidents, request.body, { context, signal: clientGone(reply) }),
    );

    app.get(
      "/api/v1/incidents",
      {
        schema: {
          tags,
          operationId: "listIncidents",
          summary: "All incidents",
          response: { 200: IncidentList },
        },
      },
      async () => ({ incidents: [...(await context.incidents.list())] }),
    );

    app.get(
      "/api/v1/incidents/:incident_id",
      {
        schema: {
          tags,
          operationId: "getIncident",
          summary: "One incident",
          errors: ["incident_not_found"],
          params: z.object({ incident_id: z.string().meta({ description: "Id of the incident.", examples: ["I04"] }) }),
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
      {
        schema: {
          tags,
          operationId: "addIncident",
          summary: "Store a resolved incident",
          errors: ["already_exists"],
          body: named("NewIncident", NewIncident),
          response: { 201: Incident },
        },
      },
      async (request, reply) => reply.code(201).send(await context.incidents.add(request.body)),
    );

    done();
  };
