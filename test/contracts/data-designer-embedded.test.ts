import { openHome } from "../tools/data/designer/embedded/open-designer.ts";
import { describeDataDesigner } from "./data-designer.ts";

describeDataDesigner(
  "embedded",
  () => {
    const home = openHome();
    return Promise.resolve({ designer: home.open(), cleanUp: () => home.cleanUp() });
  },
  { manyRows: 900_000 },
);
