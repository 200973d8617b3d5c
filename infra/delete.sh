#!/usr/bin/env bash
# Deletes the stack and all that it holds: the policy, the mails not yet handled,
# the ledger. Deactivates the receipt rule set only if it is ours. Asks first.
#
#   infra/delete.sh
set -euo pipefail
cd "$(dirname "$0")/.."

source infra/environment.sh
venv=$PWD/$(environment .venv-deploy infra/requirements-deploy.txt)
export PATH=$venv:$PATH

setting() { python3 -c 'import sys, tomllib; print(tomllib.load(open("infra/parameters.toml", "rb"))[sys.argv[1]])' "$1"; }
stack=$(setting stack)
export AWS_REGION=$(setting region)
export AWS_DEFAULT_REGION=$AWS_REGION AWS_PAGER=
account=$(aws sts get-caller-identity --query Account --output text)
bucket=$stack-$account-$AWS_REGION

echo "This deletes the stack $stack in $AWS_REGION of account $account, with its policy and ledger."
read -rp "Type the stack's name to go on: " answer
if [[ $answer != "$stack" ]]; then
  echo "Nothing was deleted."
  exit 1
fi

# A mail can arrive between emptying the bucket and deleting the rule, so the
# second round meets a bucket that nothing writes to any more.
for round in 1 2; do
  if aws s3api head-bucket --bucket "$bucket" 2>/dev/null; then
    aws s3 rm --only-show-errors --recursive "s3://$bucket"
  fi
  aws cloudformation delete-stack --stack-name "$stack"
  if aws cloudformation wait stack-delete-complete --stack-name "$stack"; then
    echo "Deleted. docs/operate.md, \"Deleting it\", names what is left."
    exit 0
  fi
  echo "Round $round did not delete everything." >&2
done
exit 1
