#!/bin/bash
# Submit the whole chain: each step starts when the one before has ended well, and falls with it.
#
#   slurm/pipeline.sh run.yaml [SHARES]
#
# Options for every sbatch call (a partition, an account) go into SBATCH_OPTIONS. Prints the job ids.
set -eu
export CROCS_CONFIG=${1:?usage: slurm/pipeline.sh CONFIG [SHARES]} CROCS_SHARES=${2:-8}
after=

submit() { # script, options of its own
    script=$1
    shift
    # shellcheck disable=SC2086 - the options are words
    job=$(sbatch --parsable ${SBATCH_OPTIONS:-} ${after:+--dependency=afterok:$after} --kill-on-invalid-dep=yes \
        "$@" "slurm/$script.sbatch")
    after=${job%%;*}
    echo "$script $after"
}

submit stage1 --array="1-$CROCS_SHARES"
submit stage2 --array="1-$CROCS_SHARES"
submit partition
submit rrls --array="1-$CROCS_SHARES"
