#!/bin/sh
# Give the program its passwords, from files, as the variables that its configuration names; then become the program.
set -eu
for file in /run/quietwatch/env/*; do
    [ -f "$file" ] || continue
    value=$(cat "$file")
    export "$(basename "$file")=$value"
done
exec "$@"
