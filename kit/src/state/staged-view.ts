import type { Host } from '../host/host.ts';
import type { DeployPath } from './deploy-path.ts';
import { runTreeScript } from './staged-tree-run.ts';
import { plainFunction } from './staged-tree-scripts.ts';

/**
 * $1 deploy path, $2 release id. Exit 65: not staged. Folders of the set are real folders in the view, filled up with
 * links to what only the server has; a folder that only the server has is one link and is never looked into. Paths of
 * `deleted` are absent: their folders are made real too, so that removing such a link can never reach a live file.
 */
const viewScript = `
set -eu
live=$(cd "$1" && pwd -P)
cd "$live/.deploy/staged/$2" 2>/dev/null && [ -f manifest.json ] || exit 65
v=$PWD/view/\${1##*/}
rm -rf view; mkdir view
cp -RPl tree "$v" 2>/dev/null || { rm -rf "$v"; cp -RPp tree "$v"; }
${plainFunction}# is_shared FOLDER: a real folder of deploy-path, and free to be one, or one, in the view.
is_shared() { is_plain "$live" "$1" && [ -d "$live/$1" ] && is_plain "$v" "$1"; }
# missing FOLDER: full paths of its entries, hidden ones too, that the view lacks; NUL-terminated.
missing() {
  for f in "$live/$1"/* "$live/$1"/.[!.]* "$live/$1"/..?*; do
    [ -e "$f" ] || [ -L "$f" ] || continue
    t=$v/$1/\${f##*/}
    [ -e "$t" ] || [ -L "$t" ] || printf '%s\\0' "$f"
  done
}
e=; [ ! -f env/path ] || IFS= read -r e < env/path
{ cat deleted; printf '%s\\n' "$e"; } | while IFS= read -r p; do
  if [ -n "$p" ] && is_shared "\${p%/*}"; then mkdir -p "$v/\${p%/*}"; fi
done
(cd "$v" && find . -type d) > view/folders
while IFS= read -r d; do
  is_shared "$d" || continue
  missing "$d" > view/missing
  [ ! -s view/missing ] || xargs -0 sh -c 'exec ln -s -- "$@" "$0"' "$v/$d/" < view/missing
done < view/folders
while IFS= read -r p; do
  if is_shared "\${p%/*}" && [ -L "$v/$p" ] && { [ ! -d "$live/$p" ] || [ -L "$live/$p" ]; }; then rm -f "$v/$p"; fi
done < deleted
# The env file as it will be: its new text, and the pins of now.
if [ -n "$e" ] && is_plain "$v" "\${e%/*}"; then
  mkdir -p "$v/\${e%/*}"; rm -f "$v/$e"
  (umask 077; { cat env/file; if [ -f "$live/$e" ]; then sed -n '/^# >>> deploy-actions/,/^# <<< deploy-actions/p' "$live/$e"; fi; } > "$v/$e")
fi
printf '%s' "$v"`;

/**
 * `.deploy/staged/<id>/view/<name of deploy-path>`: deploy-path as it WILL look, so that `docker compose config` works
 * there before the swap. Rebuilt on each call. Returns its absolute path on the server.
 * @throws StagedTreeError STAGED_TREE_MISSING
 */
export function buildStagedView(host: Host, deployPath: DeployPath, releaseId: string): Promise<string> {
  return runTreeScript(host, deployPath, releaseId, {
    purpose: 'build the view of the staged files',
    source: viewScript,
  });
}
