#!/usr/bin/env bash
#
# Writes what changed of a metric contract to the summary of a GitHub job, and
# ends with an exit code of 1 if a change fails, 2 if there is nothing to compare.
# It runs anywhere else too: CONTRACT=registry BASE=git:v1.0.0 diff.sh
set -uo pipefail

: "${CONTRACT:?the path of the contract}"
base=${BASE:-git:latest}
code=0
report=$(dspy-metrics contract --with "$CONTRACT" --diff "$base" --fail-on "${FAIL_ON:-breaking}") || code=$?
if [ "$code" -gt 1 ]; then
  echo "::error title=metric contract::$CONTRACT cannot be compared with $base: see the log"
  exit "$code"
fi
printf '%s\n' "$report" | tee -a "${GITHUB_STEP_SUMMARY:-/dev/null}"
changed=false
if grep -q '^| ' <<<"$report"; then
  changed=true
fi
echo "changed=$changed" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$code"
