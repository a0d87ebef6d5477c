#!/usr/bin/env bash
# What `pnpm containers` runs the image with: Debian's podman, and what makes a base image where no registry of images is reached.
set -euo pipefail
missing() { ! PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null; }
if ! missing podman && ! missing runc && ! missing debootstrap && ! missing docker-compose && [ -x /usr/lib/podman/netavark ]; then exit 0; fi
sudo=$([ "$(id -u)" = 0 ] || echo sudo)
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends \
  podman runc netavark aardvark-dns iptables debootstrap docker-compose git
