#!/bin/sh
# A gateway whose instruments are played on ptys of this container: both must live in one, because ptys do not cross containers.
set -eu
rm -f /run/field/field.json
quietwatch sim run --directory /run/field --scene "$QW_SCENE" --clock "$QW_CLOCK" &
until [ -f /run/field/field.json ]; do sleep 0.2; done
exec quietwatch edge run /run/quietwatch/edge.toml --clock "$QW_CLOCK"
