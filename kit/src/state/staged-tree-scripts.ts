import { linkFunction } from './link-function.ts';
import { lockFunctions } from './tree-lock.ts';

/**
 * `is_plain BASE FOLDER` (./a/b): no symbolic link and no `..` on the way to it, and nothing but folders where there is something.
 * What is removed or made is always behind this: after a crash a path may lead through a link of the other set, into
 * folders that are the server's own.
 */
export const plainFunction = `is_plain() {
  case $2/ in */../*) return 1 ;; esac
  q=$2
  while [ "$q" != . ]; do
    if [ -L "$1/$q" ] || { [ -e "$1/$q" ] && [ ! -d "$1/$q" ]; }; then return 1; fi
    q=\${q%/*}
  done
}
`;

/** `order_of FOLDER`: as what number it was staged here; a runner's clock is in its name. */
const orderFunction = `order_of() { n=0; if [ -s "$1/order" ]; then IFS= read -r n < "$1/order"; fi; printf '%s' "$n"; }
`;

/** For what compares without reading: $sum is the hash program, the working folder deploy-path. */
export const stateFunction = `# state_of FOLDER: one digest of what stands at the paths in its lists every and folders, without reading a content.
# Not the change time: each hard link that is made or removed sets it.
state_of() {
  { head -n 1 .deploy/manifest.json; tr '\\n' '\\0' < "$1/every" | TZ=UTC xargs -0 stat -c '%i %f %s %y %n'; tr '\\n' '\\0' < "$1/folders" | xargs -0 stat -c '%f %u %n'; } 2>/dev/null | $sum | cut -c1-64
}
`;

/**
 * The shell that runs on the server for staged trees: POSIX sh with coreutils, findutils and tar, BusyBox's included.
 * Lists of paths (`./a/b`, one a line; no control characters, no backslash) arrive on stdin or in files of ours.
 * Nothing is ever written through an existing file: new content is made beside and renamed over, because tar and cp
 * would write through a hard link into other releases.
 */
export const treeFunctions = `
set -eu
${plainFunction}${lockFunctions}if command -v sha256sum >/dev/null 2>&1; then sum=sha256sum; else sum='shasum -a 256'; fi
${linkFunction}# is_there A B: B is A already, from an earlier try. mv refuses to rename a link over another name of the same file.
is_there() {
  if [ -L "$1" ] || [ -L "$2" ]; then [ -L "$1" ] && [ -L "$2" ] && [ "$(readlink "$1")" = "$(readlink "$2")" ]; else [ "$1" -ef "$2" ]; fi
}
# move_all LIST FROM TO: renames each path of LIST, sorted by folder: one mv for each run of paths in one folder.
move_all() {
  list=$1; from=$2; to=$3; folder=; set --
  while IFS= read -r p; do
    if is_there "$from/$p" "$to/$p"; then continue; fi
    # BusyBox's mv fails on a link that leads in circles; for readers nothing was there, so its absence is no change.
    if [ -L "$to/$p" ] && [ ! -e "$to/$p" ]; then rm -f "$to/$p"; fi
    if [ $# -gt 0 ] && { [ "\${p%/*}" != "$folder" ] || [ $# -ge 200 ]; }; then mv -f -- "$@" "$to/$folder/"; set --; fi
    folder=\${p%/*}; set -- "$@" "$from/$p"
  done < "$list"
  [ $# -eq 0 ] || mv -f -- "$@" "$to/$folder/"
}
# remove_all LIST: files and links of LIST below deploy-path; never a folder.
remove_all() {
  while IFS= read -r p; do if { [ -L "$p" ] || [ -f "$p" ]; } && is_plain "$root" "\${p%/*}"; then printf '%s\\n' "$p"; fi; done < "$1" > "$1.there"
  [ ! -s "$1.there" ] || tr '\\n' '\\0' < "$1.there" | xargs -0 rm -f --
}
# of KINDS PLAN: the paths of a plan's steps of these kinds.
of() { sed -n "s/^[$1] //p" "$2"; }
# verify FOLDER: tree/ holds exactly what paths and hashes say.
verify() {
  [ -s "$1/paths" ] || return 0
  for program in 'openssl dgst -sha256 -r' "$sum"; do
    if (cd "$1/tree" && tr '\\n' '\\0' < ../paths | xargs -0 $program | cut -c1-64) 2>/dev/null | cmp -s - "$1/hashes"; then return 0; fi
  done
  exit 66
}
# publish FILE TARGET: a copy under a temporary name, renamed: a reader sees the old or the new one.
publish() { cp "$1" "$2.new"; mv -f "$2.new" "$2"; }
# block FILE: the pins in it (pins.ts), markers included.
block() { if [ -f "$1" ]; then sed -n '/^# >>> deploy-actions/,/^# <<< deploy-actions/p' "$1"; fi; }
${stateFunction}# list_files FOLDER: makes the lists of manifest-lists.ts from the manifest (one entry a line; the only escape in a path is a
# quote's), where no runner made them. One pass of awk: a loop of the shell reads byte by byte.
list_files() {
  : > "$1/every"; : > "$1/sums"; : > "$1/index"
  (cd "$1" && awk 'BEGIN { print "." > "folders" }
  substr($0, 1, 9) == "{\\"path\\":\\"" {
    rest = substr($0, 10); gsub(/\\\\"/, "\\037", rest)
    end = index(rest, "\\""); path = substr(rest, 1, end - 1); gsub(/\\037/, "\\"", path); rest = substr(rest, end)
    print "./" path > "every"
    count = split(path, part, "/"); folder = "."
    for (i = 1; i < count; i++) { folder = folder "/" part[i]; if (!(folder in seen)) { seen[folder]; print folder > "folders" } }
    if (substr(rest, 2, 9) == ",\\"mode\\":\\"") {
      mode = substr(rest, 11, 4); hash = substr(rest, 27, 64)
      print hash " " mode " ./" path > "sums"; print substr(hash, 1, 16) " " mode " " path > "index"
    } else { sub(/,$/, ""); print "00link " $0 > "index" }
  }' manifest.json.new)
  cut -c71- "$1/sums" > "$1/paths"; cut -c1-64 "$1/sums" > "$1/hashes"
  rm -f "$1/sums"
}
# set_aside FOLDER: a set that nobody wants any more is none from now on; its thousands of links go while nobody waits for it.
# What a crash leaves of it, state-folder.ts removes.
set_aside() {
  mv "$1" ".deploy/tmp-\${1##*/}" || { rm -rf "$1"; return; }
  rm -rf ".deploy/tmp-\${1##*/}" < /dev/null > /dev/null 2>&1 8>&- &
}
${orderFunction}# seal FOLDER: from here on it counts as staged. Only one set is staged at a time; what an activation needs stays.
seal() {
  last=0
  for old in .deploy/staged/*; do n=$(order_of "$old"); [ "$n" -le "$last" ] || last=$n; done
  printf '%s\\n' "$((last + 1))" > "$1/order"
  # Only begun here: what a power cut takes from a staged set, its hashes show. It is over before a set goes live.
  (sync -f "$1" 2>/dev/null || sync) < /dev/null > /dev/null 2>&1 8>&- &
  mv "$1/manifest.json.new" "$1/manifest.json"
  live=; [ ! -f .deploy/manifest.json ] || live=$(sed -n '1s/.*"releaseId":"\\([^"]*\\)".*/\\1/p' .deploy/manifest.json)
  for old in .deploy/staged/*; do
    id=\${old##*/}
    if [ "$id" != "\${1##*/}" ] && [ "$id" != "$live" ] && [ ! -d ".deploy/undo/$id" ]; then set_aside "$old"; fi
  done
}
cd "$1"; root=$(pwd -P)
`;

/**
 * $1 deploy path, $2 release id, $3 release number. stdin: the count of deleted paths and as many lines, then the
 * manifest: everything as receiveScript's, for a set from an archive.
 */
export const unpackScript = `${treeFunctions}
s=$root/.deploy/staged/$2
rm -rf "$s"; mkdir -m 0700 "$s"
take() { IFS= read -r count; i=0; while [ $i -lt "$count" ]; do IFS= read -r line; printf '%s\\n' "$line"; i=$((i + 1)); done; }
take > "$s/deleted"
cat > "$s/manifest.json.new"
lock_tree
list_files "$s"
tar -xof ".deploy/files/$3.tar" -C "$s" tree
verify "$s"
seal "$s"`;

/**
 * $1 deploy path: removes undo records and staged data; what is live stays as it is. Those of earlier releases go too:
 * undoing one of them now would mix two sets. The move first: half an undo record must never be taken for a whole one.
 * A set that was staged after the live one, by the order that this server gave them, is the next rollout's: a run that
 * finishes the commit of one that died has its own waiting there.
 */
export const settleScript = `${treeFunctions}
lock_tree
live=; [ ! -f .deploy/manifest.json ] || live=$(sed -n '1s/.*"releaseId":"\\([^"]*\\)".*/\\1/p' .deploy/manifest.json)
[ ! -e .deploy/undo.old ] || rm -rf .deploy/undo.old
if [ -d .deploy/undo ]; then mv .deploy/undo .deploy/undo.old; rm -rf .deploy/undo.old; fi
# Where that of the live set is gone, all that waits there came later.
first=-1; [ ! -d ".deploy/staged/$live" ] || first=$(order_of ".deploy/staged/$live")
for old in .deploy/staged/*; do
  [ -e "$old" ] || continue
  if [ "\${old##*/}" = "$live" ] || [ ! -f "$old/manifest.json" ] || [ "$(order_of "$old")" -le "$first" ]; then rm -rf "$old"; fi
done`;

/** $1 deploy path, $2 nothing, $3 the lease's step or empty: removes staged sets that no activation has begun with, and parts of files. */
export const discardScript = `${treeFunctions}
lock_tree; be_current "$3"
for old in .deploy/staged/*; do if [ ! -d ".deploy/undo/\${old##*/}" ]; then rm -rf "$old"; fi; done
rm -rf .deploy/parts`;

/** $1 deploy path. Ends when no other script works on its files. */
export const awaitQuietScript = `${treeFunctions}
[ ! -d .deploy ] || lock_tree`;

/** Prints the paths that a manifest names, `./` in front: one entry a line; the only escape in a path is a quote's. */
export function pathsOfManifest(file: string): string {
  return `sed -n 's/^{"path":"//p' ${file} | sed -e 's/\\\\"/\x1f/g' -e 's/".*//' -e 's/\x1f/"/g' -e 's,^,./,'`;
}

/**
 * $1 deploy path, $2 release number, $3 how many archives of good releases to keep. Packs from the staged tree, or, where that is gone,
 * from what is live, by the paths that the manifest names.
 * Without a live manifest there is nothing to pack. An archive of the same set is linked, not repeated.
 */
export const packScript = `${treeFunctions}
# Nothing was ever synced here.
has=; for a in .deploy/manifest.json .deploy/files/*.tar; do [ ! -f "$a" ] || has=1; done
[ -n "$has" ] || exit 0
lock_tree
cd .deploy; mkdir -p -m 0700 files; f=$root/.deploy/files
if [ -f manifest.json ]; then
  ${pathsOfManifest('manifest.json')} > files/.list
  id=$(sed -n '1s/.*"releaseId":"\\([^"]*\\)".*/\\1/p' manifest.json)
  same=
  for a in files/[0-9]*.tar; do
    if [ -f "$a" ] && [ "$a" != "files/$2.tar" ] && tar -xOf "$a" manifest.json 2>/dev/null | cmp -s - manifest.json; then same=$a; fi
  done
  rm -rf "files/.$2.new" files/.pack
  if [ -n "$same" ] && ln "$same" "files/.$2.new" 2>/dev/null; then :
  elif [ -d "staged/$id/tree" ]; then
    env=; [ ! -d "staged/$id/env" ] || env=env
    (umask 077; tar -cf "files/.$2.new" -C "staged/$id" manifest.json tree $env)
  else
    mkdir -p files/.pack/tree
    while IFS= read -r p; do if [ -L "$root/$p" ] || [ -f "$root/$p" ]; then printf '%s\\n' "$p"; fi; done < files/.list > files/.pack/list
    link_all "$f/.pack/list" "$root" "$f/.pack/tree"
    cp manifest.json files/.pack/manifest.json
    tar -cf "files/.$2.new" -C files/.pack manifest.json tree
    rm -rf files/.pack
  fi
  mv -f "files/.$2.new" "files/$2.tar"
fi
# Release 0 is what ran before these actions: it stays. One that a gate or a rollback rejected is no way back, and takes
# no good one's place.
for a in files/[0-9]*.tar; do [ ! -f "$a" ] || [ "$a" = files/0.tar ] || { n=\${a##*/}; printf '%s\\n' "\${n%.tar}"; }; done | sort -rn > files/.numbers
good=0
while IFS= read -r n; do
  if [ "$good" -ge "$3" ]; then rm -f "files/$n.tar"
  else grep -qs '"gateFailed":true' "releases/$n.json" || good=$((good + 1)); fi
done < files/.numbers
# Of syncs without a release; the archives of releases are the way back now.
rm -f files/.numbers files/.list files/previous.tar`;

/** $1 deploy path, $2 release number. Prints the manifest in the archive, then `=`, then the live one. Exit 65: no archive. */
export const readArchiveScript = `
cd "$1/.deploy" && [ -f "files/$2.tar" ] || exit 65
tar -xOf "files/$2.tar" manifest.json || exit 66
printf '=\\n'
if [ -f manifest.json ]; then cat manifest.json; fi`;

/**
 * $1 deploy path. One line each: `live <first line of the live manifest>`, `staged <its number> <first line>`; sets of an
 * older version of these actions have none, and come before all others.
 */
export const findScript = `${orderFunction}
cd "$1/.deploy" 2>/dev/null || exit 0
if [ -f manifest.json ]; then printf 'live %s\\n' "$(head -n 1 manifest.json)"; fi
for s in staged/*/; do
  [ -f "$s/manifest.json" ] || continue
  printf 'staged %s %s\\n' "$(order_of "$s")" "$(head -n 1 "$s/manifest.json")"
done
exit 0`;

/** $1 deploy path, $2 release id. Prints the staged manifest; then a line `undo` when an activation was begun. Exit 65. */
export const readStagedScript = `
cd "$1/.deploy" && [ -f "staged/$2/manifest.json" ] || exit 65
cat "staged/$2/manifest.json"
if [ -d "undo/$2" ]; then printf 'undo\\n'; fi`;
