#!/bin/sh
# Builds the clients' packages, a wheel and an npm tarball, into a folder. Publishes nothing.
#   clients/build.sh [FOLDER, default target/clients]
# Needs what scripts/test-tools.sh installs.
set -eu
cd "$(dirname "$0")/.."
tools=$PWD/target/tools
mkdir -p "${1:-target/clients}"
out=$(cd "${1:-target/clients}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Copies, so that two builds at once do not meet in one folder.
cp -r clients/python "$work/python"
cp -r clients/typescript "$work/typescript"
rm -rf "$work/typescript/node_modules" "$work/typescript/dist"
cp LICENSE "$work/python/"
cp LICENSE "$work/typescript/"

(cd "$work/python" && PYTHONPATH=$tools/python python3 -m hatchling build --target wheel --directory "$out")
ln -s "$tools/node/node_modules" "$work/typescript/node_modules"
(cd "$work/typescript" && node node_modules/typescript/bin/tsc && npm pack --silent --pack-destination "$out")
