export interface V1Options {
  /** `1.4` is the published schema; `1.5` adds what the SDK of that version sends. */
  readonly schema: "1.4" | "1.5";
  /**
   * Whether `column_type`, `sampler_type` of parameters, `constraint_type` and `generation_type` are sent. Servers with
   * the library's schema need them, the published schema does not list them.
   */
  readonly hasDiscriminators: boolean;
}
