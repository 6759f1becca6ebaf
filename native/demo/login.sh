#!/usr/bin/env bash
# A new link to the dashboard of the demo, which run.sh serves.
#
#     login.sh [PROGRAM [FOLDER]]
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${1:-build/segmentry}
folder=${2:-build/demo}
log=$folder/server.log

if [[ ! -e $log ]]; then
  echo "login.sh: there is no demo in $folder; make run makes it and serves it" >&2
  exit 66
fi
# The log says on which port the last server that began to listen did.
port=$(sed -n 's/.*"server\.listening".*"port \([0-9]*\)".*/\1/p' "$log" | tail -n 1)
exec "$program" login --db "$folder/segmentry.db" --listen "127.0.0.1:$port"
