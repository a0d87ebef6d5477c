#!/bin/sh
# Stops what start.sh started. data/ and .env stay.
set -eu
cd "$(dirname "$0")"

if [ -f data/proxy.pid ]; then
  pid=$(cat data/proxy.pid)
  if kill -TERM "$pid" 2>/dev/null; then
    echo 'Stopping: running requests may end.'
    while kill -0 "$pid" 2>/dev/null; do sleep 1; done
  fi
  rm -f data/proxy.pid
elif ! docker info >/dev/null 2>&1; then
  echo 'Nothing was started here.'
elif docker compose version >/dev/null 2>&1; then
  docker compose down
elif docker-compose version >/dev/null 2>&1; then
  docker-compose down
else
  echo 'Nothing was started here.'
fi
