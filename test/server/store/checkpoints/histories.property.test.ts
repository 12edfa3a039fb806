import { createCheckpointer } from "../../../../server/store/checkpointer.ts";
import { describeHistories } from "../../../contracts/histories.ts";

describeHistories("SQLite", {
  open: () => Promise.resolve(createCheckpointer({ path: ":memory:" })),
  hasUniqueVersions: false,
  numRuns: 60,
});
