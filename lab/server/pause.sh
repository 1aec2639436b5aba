#!/bin/sh
# Stands before a real program in the server's PATH, under the same name, while a test wants to stop a deploy at a
# transition (lab/src/pause.ts). The real program runs first: what the transition writes is written when it stops.
real=/usr/bin/${0##*/}
"$real" "$@"
code=$?
file=
for file; do :; done
case $file in
  '') exit "$code" ;;
  /*) ;;
  *) file=$PWD/$file ;;
esac

# Counts in the pause's folder $1 whether this call is the one that was asked for. Two commands may come at once.
is_wanted() (
  exec 8> "$1/lock"
  flock 8
  left=$(cat "$1/left")
  [ "$left" -gt 0 ] || exit 1
  case $file in
    "$(cat "$1/path")"/.deploy/lease.json) found=lease ;;
    "$(cat "$1/path")"/.deploy/journal/*.jsonl)
      read=$(cat "$1/read.${file##*/}" 2> /dev/null || echo 0)
      found=$(tail -n "+$((read + 1))" "$file" | sed -n 's/.*"step":"\([a-z-]*\)".*/\1/p')
      wc -l < "$file" > "$1/read.${file##*/}"
      ;;
    *) exit 1 ;;
  esac
  printf '%s\n' "$found" | grep -qx "$(cat "$1/step")" || exit 1
  echo "$((left - 1))" > "$1/left"
  [ "$left" -eq 1 ]
)

for pause in /run/lab-pause/*/; do
  [ -e "${pause}gate" ] || continue
  is_wanted "$pause" || continue
  echo "$$ ${SSH_CONNECTION:-}" > "${pause}reached"
  IFS= read -r word < "${pause}gate"
done
exit "$code"
