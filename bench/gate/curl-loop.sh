#!/bin/bash
# What teams write by hand: URL, interval in seconds, successes in a row, commit or nothing, further URLs.
# Succeeds when curl does (and the answer names the commit), that often in a row, for each URL in turn.
url=$1 interval=$2 threshold=$3 commit=$4
shift 4
for target in "$url" "$@"; do
  streak=0
  until [ "$streak" -ge "$threshold" ]; do
    if curl -fsS -m 5 "$target" 2>/dev/null | grep -q "${commit:-.}"; then streak=$((streak + 1)); else streak=0; fi
    [ "$streak" -ge "$threshold" ] || sleep "$interval"
  done
done
