#!/bin/sh
# Starts the server in Docker or Podman where there is an engine, else with Node (--no-docker: in any case). Writes .env with fresh
# secrets and makes data/ when they are missing.
set -eu
cd "$(dirname "$0")"

secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

if [ ! -f .env ]; then
  umask 077
  sed -e "s/^PROXY_ACCESS_KEY=$/PROXY_ACCESS_KEY=$(secret)/" -e "s/^ENCRYPTION_KEY=$/ENCRYPTION_KEY=$(secret)/" .env.example >.env
  echo 'Wrote .env with fresh secrets. Put the keys of your vendors there.'
fi
mkdir -p data

# What .env says of a name; the environment is stronger.
setting() { sed -n "s/^$1=\([0-9a-z.:]*\)$/\1/p" .env | tail -n 1; }

# There may be neither curl nor Node where there is an engine: then the container's Node asks.
answers() {
  if command -v curl >/dev/null 2>&1; then
    curl -fsS -o /dev/null "http://$1/ping" 2>/dev/null
  elif command -v node >/dev/null 2>&1; then
    node -e "$(ping "$1")"
  else
    $compose exec -T proxy node -e "$(ping 127.0.0.1:3000)" 2>/dev/null
  fi
}
ping() { echo "fetch('http://$1/ping').then(({ok})=>process.exit(ok?0:1),()=>process.exit(1))"; }

# Of the process that data/proxy.pid names: after a restart of the machine its number may be anybody's, and the name tells,
# where ps knows it: BusyBox's does not.
runs() {
  [ -f data/proxy.pid ] && kill -0 "$(cat data/proxy.pid)" 2>/dev/null || return 1
  case $(ps -p "$(cat data/proxy.pid)" -o args= 2>/dev/null) in *run.mjs* | '') ;; *) return 1 ;; esac
}

# Docker's own plugin, or the older program, which does for Podman as well.
compose=
if [ "${1:-}" != --no-docker ] && docker info >/dev/null 2>&1; then
  if docker compose version >/dev/null 2>&1; then compose='docker compose'
  elif docker-compose version >/dev/null 2>&1; then compose=docker-compose; fi
fi

if runs; then
  echo "It runs already (process $(cat data/proxy.pid)). ./stop.sh stops it."
  exit 0
fi
rm -f data/proxy.pid

if [ -n "$compose" ]; then
  address=${PUBLISH:-$(setting PUBLISH)}
  case ${address:=127.0.0.1:3000} in
    0.0.0.0:*) address=127.0.0.1:${address#*:} ;;
    *:*) ;;
    *) address=127.0.0.1:$address ;;
  esac
  PROXY_UID=$(id -u) PROXY_GID=$(id -g)
  if [ "$PROXY_UID" = 0 ]; then
    # The container does not run as root, and must read and write these.
    PROXY_UID=1000 PROXY_GID=1000
    chown -R 1000:1000 data .env
  fi
  export PROXY_UID PROXY_GID
  # For whoever calls compose by hand later: as another user the server can neither read .env nor write data/.
  if [ "$PROXY_UID:$PROXY_GID" != 1000:1000 ] && ! grep -q '^PROXY_UID=' .env; then
    printf '\nPROXY_UID=%s\nPROXY_GID=%s\n' "$PROXY_UID" "$PROXY_GID" >>.env
  fi
  $compose up -d --build
  logs="$compose logs -f"
else
  port=${PROXY_PORT:-${PORT:-$(setting PROXY_PORT)}}
  port=${port:-$(setting PORT)}
  port=${port:-3000}
  address=127.0.0.1:$port
  PORT=$port nohup node scripts/run.mjs start >>data/proxy.log 2>&1 &
  echo $! >data/proxy.pid
  logs='tail -f data/proxy.log'
fi

printf 'Waiting for it to answer '
tries=0
until answers "$address"; do
  tries=$((tries + 1))
  if [ "$tries" -gt 180 ] || { [ -f data/proxy.pid ] && ! kill -0 "$(cat data/proxy.pid)" 2>/dev/null; }; then
    printf '\nIt does not answer. Its log: %s\n' "$logs"
    exit 1
  fi
  printf .
  sleep 1
done
printf '\n  API     http://%s/v1\n  Health  http://%s/api/health\n  Logs    %s\n  Stop    ./stop.sh\n' "$address" "$address" "$logs"
