import { pathsOfManifest } from './staged-tree-scripts.ts';

/** Said where {@link packPreviousFunction} could not do its work. */
export const unkept = 'unkept';

/**
 * For the shell of receiveScript, where the set goes live in the same command: what is live is packed before anything of it
 * changes, and takes the place of the one before when the new set is live ({@link keepPreviousLine}). Like
 * `files/<n>.tar`: `manifest.json`, `tree/` and, where the sync brings an env file, `env/` with the old one. Before the first
 * sync it is what this one replaces. It is no reason to fail: where there is no room for it, or no tar, `unkept` is printed.
 */
export const packPreviousFunction = `
pack_previous() {
  w=$root/.deploy/files/.previous
  rm -rf "$w" "$w.tar" || return 1
  mkdir -p -m 0700 .deploy/files && mkdir -m 0700 "$w" && mkdir "$w/tree" || return 1
  { [ ! -f .deploy/manifest.json ] || ${pathsOfManifest('.deploy/manifest.json')}
    of epx "$s/plan"; } | sort -u |
    while IFS= read -r p; do if { [ -L "$p" ] || [ -f "$p" ]; } && is_plain "$root" "\${p%/*}"; then printf '%s\\n' "$p"; fi; done > "$w/list"
  # Nothing was there.
  [ -s "$w/list" ] || { rm -rf "$w" .deploy/files/previous.tar; return 0; }
  link_all "$w/list" "$root" "$w/tree" || return 1
  set -- tree
  [ ! -f .deploy/manifest.json ] || { cp .deploy/manifest.json "$w/" && set -- manifest.json "$@"; } || return 1
  if [ -f "$s/env/path" ] && IFS= read -r p < "$s/env/path" && [ -f "$p" ] && [ ! -L "$p" ]; then
    (umask 077 && mkdir "$w/env" && cp "$s/env/path" "$w/env/path" && cp "$p" "$w/env/file") && set -- "$@" env || return 1
  fi
  # Neither the new set nor other programs shall lack the room that it takes.
  need=$(du -sk "$w" | cut -f1); free=$(df -Pk . | awk 'NR==2 {print $4}')
  [ "$free" -gt "$((need + 65536))" ] || return 1
  (umask 077 && tar -cf "$w.tar" -C "$w" "$@") || return 1
  rm -rf "$w"
}
pack_previous < /dev/null > /dev/null 2>&1 || { rm -rf "$root/.deploy/files/.previous" "$root/.deploy/files/.previous.tar"; echo ${unkept}; }
`;

/** In the shell of activateScript, at its end. */
export const keepPreviousLine = `
[ ! -f .deploy/files/.previous.tar ] || mv -f .deploy/files/.previous.tar .deploy/files/previous.tar`;
