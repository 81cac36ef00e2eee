#!/usr/bin/env bash
# start.sh STATE_DIR   -- private one-host Slurm on loopback, plain processes, run as root.
# Env: NODES=2 (slurmd daemons)  CPUS=8 (per node, faked)  MEM_MB=8000 (per node, faked)
#      BASE_PORT=0 (0 = look for a free block)
# Needs: apt-get install --no-install-recommends munge slurmctld slurmd slurm-client
# Then:  . STATE_DIR/env.sh      (SLURM_CONF, and an srun wrapper on PATH)
set -euo pipefail
S=$(realpath -m "${1:?usage: start.sh STATE_DIR}")
NODES=${NODES:-2} CPUS=${CPUS:-8} MEM_MB=${MEM_MB:-8000} BASE_PORT=${BASE_PORT:-0}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
HOST=$(hostname -s)
[ "$(id -u)" = 0 ] || { echo "must run as root" >&2; exit 1; }
# NoInAddrAny makes the daemons bind to what the host name resolves to, so that must be loopback.
case "$(getent ahostsv4 "$HOST" | awk 'NR==1{print $1}')" in
  127.*) ;;
  *) echo "host name '$HOST' does not resolve to 127.x: add '127.0.0.1 $HOST' to /etc/hosts, or run the" \
          "whole test under: unshare --uts bash -c 'hostname localhost; exec TEST'" >&2; exit 1 ;;
esac
if [ -e "$S/pids" ] && [ -n "$(ls -A "$S/pids")" ]; then echo "$S: already started" >&2; exit 1; fi
umask 022
mkdir -p "$S"/{pids,log,ctld,spool,munge}
: > "$S/plugstack.conf"
chmod 755 "$S" "$S/munge"

if [ "$BASE_PORT" = 0 ]; then   # NODES+1 consecutive free ports below the ephemeral range
  BASE_PORT=$(python3 - "$((NODES+1))" <<'PY'
import random, socket, sys
n = int(sys.argv[1])
for _ in range(200):
    b, held = random.randrange(20000, 30000), []
    try:
        for i in range(n):
            s = socket.socket(); held.append(s); s.bind(("127.0.0.1", b + i))
        print(b); break
    except OSError: pass
    finally: [s.close() for s in held]
else: sys.exit("no free ports")
PY
)
fi

cat > "$S/slurm.conf" <<CONF
ClusterName=loop
SlurmctldHost=$HOST(127.0.0.1)
SlurmctldPort=$BASE_PORT
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$S/munge/munge.sock
StateSaveLocation=$S/ctld
SlurmctldPidFile=$S/pids/slurmctld.pid
SlurmctldLogFile=$S/log/slurmctld.log
SlurmdSpoolDir=$S/spool/%n
SlurmdPidFile=$S/pids/slurmd-%n.pid
SlurmdLogFile=$S/log/slurmd-%n.log
PlugStackConfig=$S/plugstack.conf
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$S/log/jobcomp.txt
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,bf_interval=5,sched_interval=5
SlurmdParameters=config_overrides
PropagateResourceLimits=NONE
ReturnToService=2
InactiveLimit=0
KillWait=3
MinJobAge=600
SlurmctldTimeout=120
SlurmdTimeout=120
MailProg=/bin/true
CONF
for i in $(seq 1 "$NODES"); do
  echo "NodeName=n$i NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$((BASE_PORT+i)) CPUs=$CPUS RealMemory=$MEM_MB State=UNKNOWN"
  mkdir -p "$S/spool/n$i"
done >> "$S/slurm.conf"
echo "PartitionName=main Nodes=ALL Default=YES MaxTime=UNLIMITED State=UP" >> "$S/slurm.conf"
export SLURM_CONF="$S/slurm.conf"
# The jobstep plugin drops every SLURM_* variable it does not know, SLURM_CONF among them, before it
# calls srun; so srun is wrapped (the alternative is a machine-wide /etc/slurm/slurm.conf).
mkdir -p "$S/bin"
printf '#!/bin/sh\nSLURM_CONF=%q exec %q "$@"\n' "$S/slurm.conf" "$(command -v srun)" > "$S/bin/srun"
# Without accounting sacct waits and fails, and the plugin turns to it whenever the controller is slow to answer; here it
# answers from what the controller still knows.
cat > "$S/bin/sacct" <<'SACCT'
#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = --name ] && name=$2; shift; done
exec squeue --noheader --states=all --format='%i|%T' ${name:+--name="$name"}
SACCT
chmod 755 "$S/bin/srun" "$S/bin/sacct"
printf 'export SLURM_CONF=%q\nexport PATH=%q:"$PATH"\n' "$S/slurm.conf" "$S/bin" > "$S/env.sh"

fail() { echo "start.sh: $1" >&2; tail -n 20 "$S"/log/*.log >&2 || true; "$here/stop.sh" "$S" || true; exit 1; }

[ -s "$S/munge/munge.key" ] || { (umask 077; dd if=/dev/urandom of="$S/munge/munge.key" bs=128 count=1 status=none); }
munged --key-file="$S/munge/munge.key" --socket="$S/munge/munge.sock" --pid-file="$S/pids/munged.pid" \
       --log-file="$S/log/munged.log" --seed-file="$S/munge/munge.seed" --num-threads=2 || fail "munged"
munge -n -S "$S/munge/munge.sock" >/dev/null || fail "munge does not answer"
slurmctld -c -f "$SLURM_CONF" || fail "slurmctld"
for i in $(seq 1 "$NODES"); do slurmd -N "n$i" -f "$SLURM_CONF" || fail "slurmd n$i"; done

deadline=$((SECONDS + ${START_TIMEOUT:-60}))
while [ "$SECONDS" -lt "$deadline" ]; do
  [ "$(timeout 5 sinfo -h -N -t idle -o %N 2>/dev/null | wc -l)" = "$NODES" ] && { echo "ready: . $S/env.sh"; exit 0; }
  for f in slurmctld $(seq -f slurmd-n%g 1 "$NODES"); do
    [ ! -s "$S/pids/$f.pid" ] || kill -0 "$(cat "$S/pids/$f.pid")" 2>/dev/null || fail "$f died"
  done
  sleep 0.2
done
fail "nodes not idle: $(timeout 5 sinfo -h -N -o '%N %T %E' 2>&1)"
