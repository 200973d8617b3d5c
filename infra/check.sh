#!/usr/bin/env bash
# Checks the stack: linters on the source and on what it expands to, the security
# checks, our own assertions, and a deployment to the emulator. Needs the network
# once, to make its environments.
set -euo pipefail
cd "$(dirname "$0")/.."

source infra/environment.sh
venv=$(environment .venv-infra infra/requirements.txt)
emulator=$(environment .venv-emulator infra/requirements-emulator.txt)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
expanded=$scratch/expanded.json

echo "infra: cfn-lint on the template"
"$venv/cfn-lint" --config-file infra/cfnlint.yaml -t infra/template.yaml
echo "infra: cfn-lint on what it expands to"
"$venv/python" infra/expand.py >"$expanded"
"$venv/cfn-lint" -t "$expanded"
echo "infra: checkov"
"$venv/checkov" --config-file infra/checkov.yaml -f "$expanded"
echo "infra: our own assertions"
"$venv/python" -m pytest -q -p no:cacheprovider infra/test_template.py infra/test_activation.py infra/test_preflight.py
for script in infra/*.sh; do bash -n "$script"; done
echo "infra: the stack on the emulator"
"$emulator/python" -m pytest -q -p no:cacheprovider infra/test_emulated.py
