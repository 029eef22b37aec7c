#!/bin/bash
# Run one crocs command as a Slurm task: pass signals on, and requeue when it stopped early.
#
#   bash slurm/task.sh stage1 -c run.yaml --share 3/8
#
# Shortly before the time limit Slurm signals this shell (`--signal=B:USR1@...`). crocs then finishes the file in
# hand and ends with 75; what it made stays, and the requeued task goes on from there.
set -u
crocs=${CROCS:-.venv/bin/crocs}
most_restarts=${CROCS_MAX_RESTARTS:-10}
export NUMBA_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1} OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
export OPENBLAS_NUM_THREADS=1

"$crocs" "$@" & child=$!
trap 'kill -USR1 "$child" 2>/dev/null' USR1
trap 'kill -TERM "$child" 2>/dev/null' TERM
# `wait` comes back at every signal; only when the child is gone is its exit code the answer
while :; do
    wait "$child"
    code=$?
    kill -0 "$child" 2>/dev/null || break
done

killed_by_usr1=138 # the signal came before crocs listened
if [[ $code = 75 || $code = "$killed_by_usr1" ]] && [ "${SLURM_RESTART_COUNT:-0}" -lt "$most_restarts" ]; then
    # an element is named by its array, or the whole array would be requeued
    task=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}}
    echo "stopped early; requeueing ${task:=$SLURM_JOB_ID}"
    scontrol requeue "$task" && sleep 300 # Slurm ends this task when it takes it back
fi
exit "$code"
