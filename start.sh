#!/bin/sh
# Starts the server in Docker where there is an engine, else with Node (--no-docker: in any case). Writes .env with fresh secrets and
# makes data/ when they are missing.
set -eu
cd "$(dirname "$0")"

secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

if [ ! -f .env ]; then
  umask 077
  sed -e "s/^PROXY_ACCESS_KEY=$/PROXY_ACCESS_KEY=$(secret)/" -e "s/^ENCRYPTION_KEY=$/ENCRYPTION_KEY=$(secret)/" .env.example >.env
  echo 'Wrote .env with fresh secrets. Put the keys of your vendors there.'
fi
mkdir -p data

# The port that this machine is called at, by what .env and the environment say.
setting() { sed -n "s/^$1=\([0-9][0-9]*\)$/\1/p" .env | tail -n 1; }
port=${PROXY_PORT:-${PORT:-$(setting PROXY_PORT)}}
port=${port:-$(setting PORT)}
port=${port:-3000}

answers() {
  if command -v curl >/dev/null 2>&1; then curl -fsS -o /dev/null "http://127.0.0.1:$1/ping" 2>/dev/null
  else node -e "fetch('http://127.0.0.1:$1/ping').then(({ok})=>process.exit(ok?0:1),()=>process.exit(1))"; fi
}

if [ "${1:-}" != --no-docker ] && docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1; then
  port=3000
  PROXY_UID=$(id -u) PROXY_GID=$(id -g)
  if [ "$PROXY_UID" = 0 ]; then
    # The container does not run as root, and must read and write these.
    PROXY_UID=1000 PROXY_GID=1000
    chown -R 1000:1000 data .env
  fi
  export PROXY_UID PROXY_GID
  docker compose up -d --build
  logs='docker compose logs -f'
elif [ -f data/proxy.pid ] && kill -0 "$(cat data/proxy.pid)" 2>/dev/null; then
  echo "It runs already (process $(cat data/proxy.pid)). ./stop.sh stops it."
  exit 0
else
  PORT=$port nohup node scripts/run.mjs start >>data/proxy.log 2>&1 &
  echo $! >data/proxy.pid
  logs='tail -f data/proxy.log'
fi

printf 'Waiting for it to answer '
tries=0
until answers "$port"; do
  tries=$((tries + 1))
  if [ "$tries" -gt 180 ] || { [ -f data/proxy.pid ] && ! kill -0 "$(cat data/proxy.pid)" 2>/dev/null; }; then
    printf '\nIt does not answer. Its log: %s\n' "$logs"
    exit 1
  fi
  printf .
  sleep 1
done
printf '\n  API     http://127.0.0.1:%s/v1\n  Health  http://127.0.0.1:%s/api/health\n  Logs    %s\n  Stop    ./stop.sh\n' "$port" "$port" "$logs"
