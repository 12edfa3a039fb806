import { describeDataDesigner } from "../../../../contracts/data-designer.ts";
import type { NemoServiceOptions } from "../../../../support/nemo-service.ts";
import { openNemo } from "../../../../support/nemo-service-designer.ts";

const SERVICES: readonly (readonly [name: string, options: NemoServiceOptions])[] = [
  ["v1 as published", { discriminators: "forbidden" }],
  ["v1 with the library's schema and settings", { discriminators: "required", hasSettings: true }],
];

for (const [name, options] of SERVICES) {
  describeDataDesigner(
    `NeMo ${name}`,
    async () => {
      const fixture = await openNemo({ isAutomatic: true, ...options });
      return { designer: fixture.designer, cleanUp: () => fixture.close() };
    },
    { manyRows: 900_000 },
  );
}
