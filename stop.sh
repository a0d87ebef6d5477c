#!/bin/sh
# Stops what start.sh started. data/ and .env stay.
set -eu
cd "$(dirname "$0")"

# Of the process that data/proxy.pid names: after a restart of the machine its number may be anybody's, and the name tells,
# where ps knows it: BusyBox's does not.
runs() {
  [ -f data/proxy.pid ] && kill -0 "$(cat data/proxy.pid)" 2>/dev/null || return 1
  case $(ps -p "$(cat data/proxy.pid)" -o args= 2>/dev/null) in *run.mjs* | '') ;; *) return 1 ;; esac
}

if runs; then
  pid=$(cat data/proxy.pid)
  kill -TERM "$pid" || true
  echo 'Stopping: running requests may end.'
  while kill -0 "$pid" 2>/dev/null; do sleep 1; done
  rm -f data/proxy.pid
  exit 0
fi
rm -f data/proxy.pid

if ! docker info >/dev/null 2>&1; then
  echo 'Nothing was started here.'
elif docker compose version >/dev/null 2>&1; then
  docker compose down
elif docker-compose version >/dev/null 2>&1; then
  docker-compose down
else
  echo 'Nothing was started here.'
fi
