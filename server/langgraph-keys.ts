/** Keys of `langgraph.json` that say how an image is built; whoever starts this server has done that already. */
const OF_BUILDS = [
  "$schema",
  "_INTERNAL_docker_tag",
  "api_version",
  "base_image",
  "dependencies",
  "dockerfile_lines",
  "image_distro",
  "keep_pkg_tools",
  "node_version",
  "pip_config_file",
  "pip_installer",
  "python_version",
];
const APPLIED = ["auth", "checkpointer", "env", "graphs", "http", "store", "webhooks"];

/** Keys that other servers know. `checkpointer.serde` and `http.disable_ui` are not here: they hold anyway. */
const WITHOUT_EFFECT = [
  "auth.cache",
  "auth.openapi",
  "checkpointer.path",
  "http.configurable_headers",
  "http.logging_headers",
  "http.middleware_order",
  "http.mount_prefix",
  "store.path",
];

/**
 * Keys of a `langgraph.json` that are set and change nothing here, which its author should hear of: what only other servers
 * do, and what nobody knows. Dotted, in the order of the alphabet.
 */
export function keysWithoutEffect(file: Readonly<Record<string, unknown>>): readonly string[] {
  const unknown = Object.keys(file).filter((key) => ![...OF_BUILDS, ...APPLIED].includes(key) && file[key] != null);
  const inBlocks = WITHOUT_EFFECT.filter((dotted) => valueAt(file, dotted) != null);
  // Webhooks that are paths of the server itself are never taken.
  const loopback = "webhooks.url.disable_loopback";
  return [...unknown, ...inBlocks, ...(valueAt(file, loopback) === false ? [loopback] : [])].toSorted();
}

function valueAt(value: unknown, dotted: string): unknown {
  return dotted
    .split(".")
    .reduce<unknown>(
      (found, key) => (typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined),
      value,
    );
}
