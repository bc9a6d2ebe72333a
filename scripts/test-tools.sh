#!/bin/sh
# Installs what the tests run from PyPI and npm, at the versions pinned in tests/tools, into
# target/tools. Does nothing where it is there already.
set -eu
cd "$(dirname "$0")/.."
pins=$PWD/tests/tools
tools=$PWD/target/tools
mkdir -p "$tools"

# Each is put together beside its place, and moved there whole: an interrupted installation is none.
python=$tools/python
# Binary wheels fit one Python: a newer one than installed them cannot load them.
if ! cmp -s "$pins/requirements.txt" "$python/requirements.txt" ||
    ! PYTHONPATH=$python python3 -c 'import jsonschema_rs, pydantic_core, regress, rpds' 2>/dev/null; then
    echo "Installing the tests' Python tools into target/tools" >&2
    rm -rf "$python" "$python.new"
    python3 -m pip install --quiet --no-deps --only-binary :all: --disable-pip-version-check \
        --root-user-action=ignore --target "$python.new" --requirement "$pins/requirements.txt"
    python3 "$pins/helm.py" "$python.new"
    cp "$pins/requirements.txt" "$python.new/"
    mv "$python.new" "$python"
fi

node=$tools/node
if ! cmp -s "$pins/package-lock.json" "$node/package-lock.json"; then
    echo "Installing the tests' Node.js tools into target/tools" >&2
    rm -rf "$node" "$node.new"
    mkdir "$node.new"
    cp "$pins/package.json" "$pins/package-lock.json" "$node.new/"
    npm ci --prefix "$node.new" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    mv "$node.new" "$node"
fi
