import type { Operation } from "../operation.ts";

const SLURM_REASON = 'Reason="GPU fault"';

/** Keeping new work away and letting old work end. */
export const ISOLATE_OPERATIONS = {
  cordon: {
    phase: "isolate",
    risk: "low",
    title: "Take the node out of scheduling",
    command: ({ node }) => `kubectl cordon ${node}`,
    alternatives: ({ node }) => [`scontrol update NodeName=${node} State=DRAIN ${SLURM_REASON}`],
    precondition: "Enough other nodes stay in service; the limit on cordoned nodes is not reached.",
    expectedEffect: "No new work starts on the node; running work goes on.",
    verification: "`kubectl get node` shows SchedulingDisabled, or `sinfo` shows drain.",
    rollback: "Put the node back into scheduling with the last step.",
  },
  drain: {
    phase: "isolate",
    risk: "high",
    title: "Move running work off the node",
    command: ({ node }) => `kubectl drain ${node} --ignore-daemonsets --delete-emptydir-data --timeout=15m`,
    alternatives: ({ node }) => [`squeue --nodelist=${node} --states=running`],
    precondition: "The node is out of scheduling; owners of running jobs know, and checkpoints are written.",
    expectedEffect: "Pods are evicted; data in emptyDir volumes is lost. With Slurm wait until the list is empty.",
    verification: "No compute process is left on any GPU of the node.",
    rollback: "Put the node back into scheduling; evicted work starts again from its last checkpoint.",
    needs: ["cordon"],
  },
  free_gpu: {
    phase: "isolate",
    risk: "high",
    title: "End the work on this GPU",
    command: () => 'kubectl delete pod "${POD:?}" -n "${NAMESPACE:?}"',
    alternatives: () => ['scontrol requeue "${JOB_ID:?}"'],
    precondition: "The processes on the GPU are known and their owners told; work on other GPUs stays.",
    expectedEffect: "Nothing holds the GPU; the job starts again elsewhere.",
    verification: "The process list of the GPU is empty.",
    rollback: "Start the job again from its last checkpoint.",
    needs: ["cordon"],
  },
  stop_gpu_services: {
    phase: "isolate",
    risk: "low",
    title: "Stop the services that hold the GPU open",
    command: () => "systemctl stop nvidia-persistenced nvidia-dcgm",
    precondition: "A reset comes next; it fails with “in use by another client” while these run. Stop exporters too.",
    expectedEffect: "Monitoring of this node pauses; no client is left.",
    verification: "`fuser -v /dev/nvidia*` names no process.",
    rollback: "systemctl start nvidia-persistenced nvidia-dcgm",
  },
} as const satisfies Readonly<Record<string, Operation>>;
