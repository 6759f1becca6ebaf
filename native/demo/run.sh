#!/usr/bin/env bash
# The demo: a project of 20,000 invented contacts, served until Ctrl-C.
#
#     run.sh [PROGRAM [FOLDER]]
#
# The first run makes the project in the folder, build/demo; later ones go on with it, keys included.
# Its times count back from the moment it was made: delete the folder to have it made anew.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=${1:-build/segmentry}
folder=${2:-build/demo}
db=$folder/segmentry.db
keys=$folder/keys.json
first_port=8080
ports=50

# A folder that is there is whole: it gets its name at the end.
make_project() {
  echo 'Making the demo: 20,000 contacts, 100,000 events, 60,000 emails ...'
  rm -rf "$folder.new" "$folder"
  mkdir -p "$folder.new"
  node native/demo/prepare.mjs --out "$folder.new/data"
  (umask 077 && "$program" project create Demo --db "$folder.new/segmentry.db" --json > "$folder.new/keys.json")
  "$program" import --project "$(key id "$folder.new/keys.json")" --data "$folder.new/data" --db "$folder.new/segmentry.db"
  mv "$folder.new" "$folder"
}

# A member of what `project create --json` printed: one object with plain texts.
key() {
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$2"
}

# The dashboard's settings can change the keys, both at once. The database has the secret one's hash
# alone, so the public one tells.
has_kept_keys() {
  local listed
  listed=$("$program" project list --db "$db" --json)
  [[ $listed == *"\"publicKey\":\"$(key publicKey "$keys")\""* ]]
}

say_request() {
  if has_kept_keys; then
    cat <<TEXT
How many are on the Pro plan and opened an email in the last week:

  curl -s http://127.0.0.1:$port/segments/preview -H 'Authorization: Bearer $(key secretKey "$keys")' -H 'Content-Type: application/json' -d '{"condition": {"logic": "AND", "groups": [{"filters": [{"field": "data.plan", "operator": "equals", "value": "pro"}, {"field": "email.opened", "operator": "triggeredWithin", "value": 7, "unit": "days"}]}]}}'
TEXT
  else
    cat <<TEXT
The project's keys have been changed since it was made, so those of $keys are worth nothing.
This gives it new ones, and ends those of now:

  $program project rotate-keys $(key id "$keys") --db $db --json > $keys
TEXT
  fi
}

is_taken() {
  (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null
}

[[ -e $keys ]] || make_project

port=$first_port
while is_taken "$port"; do
  port=$((port + 1))
  if ((port == first_port + ports)); then
    echo "run.sh: the ports $first_port to $((port - 1)) are all taken" >&2
    exit 69
  fi
done
((port == first_port)) || echo "Port $first_port is taken; this is port $port."

cat <<TEXT

The project "Demo" is in $folder: database, keys, the data it was made from, the server's log. It was made
on $(date -r "$folder/data" '+%-d %B %Y'), and its times count back from then; delete the folder to have it made anew.

$(say_request)

Ctrl-C ends the server.

TEXT

# The log goes into its file; what is no line of the log is for whoever started this. Ctrl-C is for
# the server alone: these two end with it.
exec "$program" serve --db "$db" --listen "127.0.0.1:$port" \
  2> >(trap '' INT && tee -a "$folder/server.log" | grep --line-buffered -v '^{' >&2)
