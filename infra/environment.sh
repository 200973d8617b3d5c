# Sourced by the scripts here: makes a Python environment from a list of pinned,
# hashed packages, and makes it again only when the list has changed.

# environment DIRECTORY REQUIREMENTS: prints where its programs are.
environment() {
  local directory=$1 requirements=$2 stamp
  stamp=$(cksum <"$requirements")
  if [[ "$(cat "$directory/made-from" 2>/dev/null)" != "$stamp" ]]; then
    if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "missing: python3, version 3.11 or later" >&2
      return 1
    fi
    echo "infra: making $directory from $requirements" >&2
    rm -rf "$directory"
    python3 -m venv "$directory"
    # Nothing in it belongs into git.
    echo '*' >"$directory/.gitignore"
    # The list is complete, so nothing is to be resolved beside it.
    "$directory/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes \
      --requirement "$requirements" >&2
    echo "$stamp" >"$directory/made-from"
  fi
  echo "$directory/bin"
}
