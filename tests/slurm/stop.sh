#!/usr/bin/env bash
# stop.sh STATE_DIR -- ends exactly the daemons (and their jobs) that start.sh started there.
set -uo pipefail
S=$(realpath -m "${1:?usage: stop.sh STATE_DIR}")
export SLURM_CONF="$S/slurm.conf"
end() { # pidfile: signal only if that pid is still one of our daemons on this state dir
  local f=$1 p
  [ -s "$f" ] || return 0
  p=$(cat "$f")
  if tr '\0' ' ' < "/proc/$p/cmdline" 2>/dev/null | grep -qF -- "$S/"; then
    kill -TERM "$p"
    for _ in $(seq 1 50); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done
    kill -0 "$p" 2>/dev/null && kill -KILL "$p"
  fi
  rm -f "$f"
}
if [ -s "$S/pids/slurmctld.pid" ] && kill -0 "$(cat "$S/pids/slurmctld.pid")" 2>/dev/null; then
  timeout 5 scancel -u root 2>/dev/null          # this private cluster's jobs only (SLURM_CONF)
  deadline=$((SECONDS + 15))                     # jobs get SIGTERM, then SIGKILL after KillWait
  while [ "$SECONDS" -lt "$deadline" ] && [ -n "$(timeout 5 squeue -h 2>/dev/null)" ]; do sleep 0.2; done
fi
for f in "$S"/pids/slurmd-*.pid "$S/pids/slurmctld.pid" "$S/pids/munged.pid"; do end "$f"; done
exit 0
