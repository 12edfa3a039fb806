import { parseDesign } from "../../../../engine/data/design/parse-design.ts";
import { runDatasetJob } from "../../../../tools/data/dataset-job/run-job.ts";

const CONFIG = {
  columns: [
    { column_type: "sampler", name: "id", sampler_type: "uuid", params: { prefix: "R-", short_form: true } },
    { column_type: "sampler", name: "kind", sampler_type: "category", params: { values: ["Ash", "Birch", "Oak"] } },
    { column_type: "sampler", name: "qty", sampler_type: "poisson", params: { mean: 3 } },
    {
      column_type: "sampler",
      name: "price",
      sampler_type: "uniform",
      params: { low: 1, high: 90, decimal_places: 2 },
    },
    { column_type: "expression", name: "is_big", expr: "{{ qty > 3 }}", dtype: "bool" },
    { column_type: "sampler", name: "owner", sampler_type: "person_from_faker", params: {} },
  ],
};

/** 250 rows in three row groups of at most 100, made by the engine itself. */
export async function makeDataset(folder: string, seed: number, numRecords = 250): Promise<void> {
  const { design } = parseDesign(CONFIG);
  if (design === undefined) throw new Error("the design is valid");
  await runDatasetJob({ design, datasetName: "trees", folder, numRecords, seed, rowGroupSize: 100, workerCount: 1 });
}
