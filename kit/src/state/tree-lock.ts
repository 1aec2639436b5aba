/**
 * One script at a time changes the files of a project: one that outlived its connection may still be at work when the next
 * run begins. The kernel lets go of the lock with the last process that has it. Where the server has no `flock` there is
 * none. A script never waits for its connection while it has the lock: what comes from there it has read before.
 *
 * - `open_tree FOLDER` (.deploy): for a shell whose subshells shall have one lock together.
 * - `lock_tree`: waits for another at most four minutes, then exit 68.
 * - `be_current STEP`: exit 69 unless the lease still says that step (lease-store.ts); empty: does not ask.
 */
export const lockFunctions = `
open_tree() {
  is_tree_open=1
  if ! command -v flock >/dev/null 2>&1; then return 0; fi
  if [ -w "$1/tree.lock" ] || [ ! -e "$1/tree.lock" ]; then exec 8>>"$1/tree.lock"; else exec 8<"$1/tree.lock"; fi
}
lock_tree() {
  command -v flock >/dev/null 2>&1 || return 0
  [ -n "\${is_tree_open:-}" ] || open_tree "$root/.deploy"
  tries=0
  until flock -n 8; do
    tries=$((tries + 1)); [ "$tries" -lt 2400 ] || exit 68
    sleep 0.1 2>/dev/null || { sleep 1; tries=$((tries + 9)); }
  done
}
be_current() { [ -z "$1" ] || grep -qsF "\\"step\\":\\"$1\\"" "$root/.deploy/lease.json" || exit 69; }
`;
