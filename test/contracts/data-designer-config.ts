/** What every dialect of the config knows. */
export const CONFIG = {
  columns: [
    { column_type: "sampler", name: "id", sampler_type: "uuid", params: { sampler_type: "uuid" } },
    {
      column_type: "sampler",
      name: "city",
      sampler_type: "category",
      params: { sampler_type: "category", values: ["Oslo", "Bergen"] },
    },
    {
      column_type: "sampler",
      name: "amount",
      sampler_type: "uniform",
      params: { sampler_type: "uniform", low: 5, high: 50, decimal_places: 2 },
    },
    { column_type: "expression", name: "label", expr: "{{ city | upper }}", dtype: "str" },
  ],
};
