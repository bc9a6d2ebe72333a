#!/bin/sh
# Starts the service in this process, with a development key made on the first start.
set -eu
cd "$(dirname "$0")/.."

keys=${LIVEGATE_KEYS:-keys.toml}
if [ ! -e "$keys" ]; then
    key=$(target/release/livegate-api keys create --name development \
        --requests-per-minute 100000 --concurrency 256)
    echo "Development key, shown this once:"
    echo "KEY=$key"
else
    echo "Keys: those in $keys. For another one: target/release/livegate-api keys create --name NAME"
fi
# The optional anti-spoof models, unless the operator has chosen models, or thresholds, which are for certain models.
if [ -z "${LIVEGATE_MODEL_CONFIG:-}" ]; then
    if [ -n "${LIVEGATE_THRESHOLDS:-}" ]; then
        echo "LIVEGATE_THRESHOLDS is set and LIVEGATE_MODEL_CONFIG is not: the shipped models are used"
    elif target/release/livegate-models fetch --optional --at-most-daily; then
        export LIVEGATE_MODEL_CONFIG=models/cache/optional.toml
    fi
fi
exec target/release/livegate-api
