/** Agents of the service by their graph id; the first answers when none is named. */
export const AGENTS = ["gpu_ops", "data_designer"] as const;
export type AgentName = (typeof AGENTS)[number];
