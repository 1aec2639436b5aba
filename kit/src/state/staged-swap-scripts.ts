import { treeFunctions } from './staged-tree-scripts.ts';

/**
 * `put_env FILE PATH`: the env file of a set goes live: private, whole, with the pins' block of the one that stands there
 * (they change at the commit of a rollout, never before).
 */
const envFunction = `
put_env() {
  if ! is_plain "$root" "\${2%/*}" || [ -L "$2" ] || [ -d "$2" ]; then echo "$2" >&2; exit 67; fi
  mkdir -p "\${2%/*}"
  (umask 077; rm -f "$2.deploy-next"; { cat "$1"; block "$2"; } > "$2.deploy-next")
  sync "$2.deploy-next" 2>/dev/null || sync
  mv -f "$2.deploy-next" "$2"
}
`;

/** `keep_lists`: the lists of a set that is live now, and what it looks like on the disk (state_of). */
const listsFunction = `
keep_lists() {
  [ -f "$s/buckets" ] || return 0
  stat -c '%i %f %s %y %n' . >/dev/null 2>&1 || return 0
  mkdir -m 0700 .deploy/live.new || return 1
  (cd "$s" && cp every folders index buckets "$root/.deploy/live.new/") || return 1
  state_of .deploy/live.new > .deploy/live.new/state || return 1
  mv .deploy/live.new .deploy/live
}
`;

/**
 * $1 deploy path, $2 release id. stdin: the plan, one step a line (e clear, r remove-folder, d make-folder, n add,
 * p replace, x delete); ignored when the undo record of an earlier try is there: its plan is finished instead.
 * Prints the plan. Exit 65: not staged; 66: the staged files are damaged; 67: a folder in the way is not empty, or
 * something that is no file stands where the env file must be.
 */
export const activateScript = `${treeFunctions}${envFunction}${listsFunction}
s=$root/.deploy/staged/$2; u=$root/.deploy/undo/$2
[ -f "$s/manifest.json" ] || exit 65
cat > "$s/steps"
lock_tree
[ -f "$s/manifest.json" ] || exit 65
# The next sync of the same files must not hand it out again.
(verify "$s") || { true > "$s/damaged" || true; exit 66; }
sync -f "$s" 2>/dev/null || sync
if [ ! -d "$u" ]; then
  rm -rf "$u.new"; mkdir -p -m 0700 "$root/.deploy/undo"; mkdir -p -m 0700 "$u.new/old"
  cp "$s/steps" "$u.new/plan"
  of epx "$u.new/plan" > "$u.new/saved"
  link_all "$u.new/saved" "$root" "$u.new/old"
  [ ! -f .deploy/manifest.json ] || cp .deploy/manifest.json "$u.new/manifest.json"
  if [ -f "$s/env/path" ]; then
    cp "$s/env/path" "$u.new/env.path"; IFS= read -r p < "$s/env/path"
    [ ! -f "$p" ] || cp -p "$p" "$u.new/env.old"
  fi
  # What the end of this and its undoing write finds room, also when the disk becomes full meanwhile.
  blocks=$(($(cat "$s/manifest.json" "$u.new/plan" | wc -c) / 65536 + 2))
  dd if=/dev/zero of="$u.new/reserve" bs=65536 count="$blocks" status=none
  mv "$u.new" "$u"
fi
of np "$u/plan" > "$u/new"
rm -rf "$u/swap"; mkdir "$u/swap"
link_all "$u/new" "$s/tree" "$u/swap"
rm -rf .deploy/live
of e "$u/plan" > "$u/list"; remove_all "$u/list"
of r "$u/plan" > "$u/list"
while IFS= read -r p; do if [ -d "$p" ] && is_plain "$root" "$p"; then rmdir "$p" || exit 67; fi; done < "$u/list"
of d "$u/plan" > "$u/list"
[ ! -s "$u/list" ] || tr '\\n' '\\0' < "$u/list" | xargs -0 mkdir -p --
move_all "$u/new" "$u/swap" "$root"
rm -f "$u/reserve"
if [ -f "$s/env/path" ]; then IFS= read -r p < "$s/env/path"; put_env "$s/env/file" "$p"; fi
of x "$u/plan" > "$u/list"; remove_all "$u/list"
publish "$s/manifest.json" .deploy/manifest.json
rm -rf "$u/swap" "$u/new" "$u/list" "$u/list.there" .deploy/live.new
# They only spare the next comparison its work.
keep_lists || rm -rf .deploy/live.new
cat "$u/plan"`;

/** $1 deploy path, $2 release id. Puts back what activateScript replaced or deleted, removes what it added. */
export const undoScript = `${treeFunctions}
lock_tree
u=$root/.deploy/undo/$2
[ -d "$u" ] || exit 0
rm -rf .deploy/live "$u/reserve"
of n "$u/plan" > "$u/list"; remove_all "$u/list"
of d "$u/plan" | sort -r > "$u/list"
while IFS= read -r p; do if is_plain "$root" "$p"; then rmdir "$p" 2>/dev/null || true; fi; done < "$u/list"
sed 's,/[^/]*$,,' "$u/saved" | sort -u > "$u/list"
[ ! -s "$u/list" ] || tr '\\n' '\\0' < "$u/list" | xargs -0 mkdir -p --
rm -rf "$u/swap"; mkdir "$u/swap"
link_all "$u/saved" "$u/old" "$u/swap"
move_all "$u/saved" "$u/swap" "$root"
if [ -f "$u/env.path" ]; then
  IFS= read -r p < "$u/env.path"
  if is_plain "$root" "\${p%/*}" && [ ! -L "$p" ]; then
    rm -f "$p.deploy-next"
    if [ -f "$u/env.old" ]; then cp -p "$u/env.old" "$p.deploy-next"; mv -f "$p.deploy-next" "$p"; else rm -f "$p"; fi
  fi
fi
if [ -f "$u/manifest.json" ]; then publish "$u/manifest.json" .deploy/manifest.json; else rm -f .deploy/manifest.json; fi
rm -rf "$u.done"; mv "$u" "$u.done"; rm -rf "$u.done"`;
