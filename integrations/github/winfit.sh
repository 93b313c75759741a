#!/usr/bin/env bash
# The scripts of ../../action.yml: winfit.sh key | build | lint. They run in the bash of Linux, macOS
# and Windows runners; bash 3.2 must do.
set -euo pipefail

# Says what the built program depends on, for the cache: branches and tags move, sources tell.
key() {
  local sources
  sources=$(
    cd "$GITHUB_ACTION_PATH"
    find Cargo.toml Cargo.lock crates docs/rules -type f | LC_ALL=C sort |
      git hash-object --no-filters --stdin-paths | git hash-object --stdin
  )
  echo "key=winfit-$RUNNER_OS-$RUNNER_ARCH-$sources" >>"$GITHUB_OUTPUT"
}

build() {
  if ! command -v cargo >/dev/null; then
    echo "::error title=winfit::winfit is built with cargo, which is not on this runner: install Rust before this step, or give a winfit as executable"
    return 3
  fi
  cargo install --locked --path "$GITHUB_ACTION_PATH/crates/winfit" --root "$RUNNER_TEMP/winfit"
}

# The lines of a text that are not blank, trimmed, behind an option where one is given: into `arguments`.
add_lines() {
  local line
  while read -r line || [ -n "$line" ]; do
    line=${line%$'\r'}
    if [ -n "$line" ]; then
      arguments+=(${2:+"$2"} "$line")
    fi
  done <<<"$1"
}

lint() {
  local sarif="$RUNNER_TEMP/winfit.sarif" markdown="$RUNNER_TEMP/winfit.md" code=0 token=""
  local winfit=${WINFIT_EXECUTABLE:-$RUNNER_TEMP/winfit/bin/winfit}
  rm -f "$sarif" "$markdown"
  arguments=(lint --format "$WINFIT_FORMAT" --fail-on "$WINFIT_FAIL_ON"
    --output "sarif=$sarif" --output "markdown=$markdown")
  add_lines "$WINFIT_HOSTS" --host
  add_lines "$WINFIT_ISOLATION" --isolation
  add_lines "$WINFIT_CONFIG" --config
  add_lines "$WINFIT_AGAINST" --against
  arguments+=(--)
  add_lines "${WINFIT_PATH:-.}"

  if [ "$WINFIT_FORMAT" != github ]; then
    # What a report quotes of files is not to command the runner.
    token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    echo "::stop-commands::$token"
  fi
  "$winfit" "${arguments[@]}" || code=$?
  if [ -n "$token" ]; then
    echo "::$token::"
  fi

  echo "exit-code=$code" >>"$GITHUB_OUTPUT"
  if [ -f "$sarif" ]; then
    echo "sarif=$sarif" >>"$GITHUB_OUTPUT"
  fi
  if [ -f "$markdown" ]; then
    echo "markdown=$markdown" >>"$GITHUB_OUTPUT"
    summarise "$markdown" >>"$GITHUB_STEP_SUMMARY"
  fi
  return "$code"
}

# GitHub refuses a summary of more than 1 MiB as a whole.
summarise() {
  local most=1000000
  echo "### winfit"
  echo
  if [ "$(wc -c <"$1")" -le "$most" ]; then
    cat "$1"
  else
    # Up to the last whole line.
    head -c "$most" "$1" | sed '$d'
    printf '\n\nThis is too long for a summary; the log has all findings.\n'
  fi
}

case "${1:-}" in
key | build | lint) "$1" ;;
*)
  echo "usage: winfit.sh key | build | lint" >&2
  exit 2
  ;;
esac
