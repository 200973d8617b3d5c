#!/usr/bin/env bash
# Deploys the stack, or changes a deployed one.
#
#   infra/deploy.sh                 checks what is missing, builds, deploys
#   infra/deploy.sh --check         only checks what is missing
#   infra/deploy.sh --policy FILE   also puts FILE in the place of the policy in the bucket
#
# Reads infra/parameters.toml. docs/deploy.md leads to it.
set -euo pipefail
cd "$(dirname "$0")/.."

check_only=
policy_arguments=()
while (($#)); do
  case $1 in
    --check) check_only=yes ;;
    --policy)
      policy_arguments=(--policy "${2:?--policy needs a file}")
      shift
      ;;
    *)
      sed -n '2,8s/^# \{0,1\}//p' "$0"
      exit 2
      ;;
  esac
  shift
done

# What no environment of ours can bring.
for tool in cargo cc python3; do
  if ! command -v "$tool" >/dev/null; then
    echo "missing: $tool (docs/deploy.md, \"What you need\")" >&2
    exit 1
  fi
done

source infra/environment.sh
venv=$PWD/$(environment .venv-deploy infra/requirements-deploy.txt)
# cargo-lambda finds its linker through the first python3 on the path.
export PATH=$venv:$PATH

left=$(mktemp -d)
trap 'rm -rf "$left"' EXIT
python3 infra/preflight.py ${policy_arguments[@]+"${policy_arguments[@]}"} --policy-to "$left/policy.toml" --overrides "$left/overrides"
if [[ $check_only ]]; then
  exit 0
fi

setting() { python3 -c 'import sys, tomllib; print(tomllib.load(open("infra/parameters.toml", "rb"))[sys.argv[1]])' "$1"; }
stack=$(setting stack)
export AWS_REGION=$(setting region)
export AWS_DEFAULT_REGION=$AWS_REGION AWS_PAGER=
export SAM_CLI_TELEMETRY=0
overrides=()
while read -r line; do
  overrides+=("$line")
done <"$left/overrides"

echo "policy: read as the function would"
cargo run --quiet --profile quick --no-default-features --features cli --bin hansho -- check-policy "$left/policy.toml"

echo "build: the function, against an older glibc than Amazon Linux 2023 has"
architecture=--x86-64
if grep -qx 'Architecture=arm64' "$left/overrides"; then
  architecture=--arm64
fi
rm -rf infra/build
cargo lambda build --release --bin bootstrap --no-default-features --features lambda \
  "$architecture" --lambda-dir infra/build --flatten bootstrap

echo "deploy: stack $stack in $AWS_REGION"
sam validate --template-file infra/template.yaml
sam deploy --template-file infra/template.yaml --stack-name "$stack" --region "$AWS_REGION" \
  --resolve-s3 --s3-prefix "$stack" --capabilities CAPABILITY_IAM \
  --no-confirm-changeset --no-fail-on-empty-changeset \
  --parameter-overrides "${overrides[@]}"

output() {
  aws cloudformation describe-stacks --stack-name "$stack" --output text \
    --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"
}
echo "policy: to the bucket"
aws s3 cp --only-show-errors "$left/policy.toml" "s3://$(output BucketName)/config/policy.toml"

active=$(aws ses describe-active-receipt-rule-set --query Metadata.Name --output text)
if [[ $active != "$(output RuleSetName)" ]]; then
  echo "warn: the active receipt rule set is $active, not $(output RuleSetName); no mail will arrive" >&2
fi
echo
echo "What is left to do:"
for next in NextMxRecord NextConfirm NextForwarding; do
  echo "  $(output "$next")"
done
echo "docs/deploy.md goes on from here, at \"After the first deployment\"."
