#!/usr/bin/env bash
# Installs the system packages that the tests need, as root on Debian; elsewhere prints the one line to run.
set -euo pipefail
packages=(libgl1 libglib2.0-0 libsm6 libx11-xcb1 chromium xvfb xdotool munge slurmctld slurmd slurm-client)
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get -qq update
    # RUNLEVEL=1: the daemons are not started as services of this machine.
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
else
    echo "some tests need system packages: sudo apt-get install ${missing[*]}"
fi
