#!/bin/sh
# Give the agent its passwords, from the credentials that systemd holds, as the variables that edge.toml names; then become the agent.
set -eu
for file in "${CREDENTIALS_DIRECTORY:-/nonexistent}"/secret_*; do
    [ -f "$file" ] || continue
    name=$(basename "$file")
    value=$(cat "$file")
    export "${name#secret_}=$value"
done
exec "$@"
