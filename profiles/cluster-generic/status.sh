#!/bin/sh
# The state of the Slurm job $1: running, success or failed. Where the controller does not answer the job counts as
# running: Snakemake asks again.
state=$(squeue --noheader --states=all --jobs="$1" --format=%T 2>/dev/null) || state=
# Without accounting a finished job is known for MinJobAge only (300 s by default); sacct remembers it.
[ -n "$state" ] || state=$(sacct --noheader --parsable2 --allocations --jobs="$1" --format=State 2>/dev/null)
case "${state%% *}" in
    COMPLETED) echo success ;;
    BOOT_FAIL | CANCELLED* | DEADLINE | FAILED | NODE_FAIL | OUT_OF_MEMORY | TIMEOUT) echo failed ;;
    *) echo running ;;
esac
