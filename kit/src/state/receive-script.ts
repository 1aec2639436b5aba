import { treeFunctions } from './staged-tree-scripts.ts';

/**
 * The last member of a set as it travels, empty. A connection that breaks ends the stream where it is, and a tar that ends
 * between two members is one without an error for every tar: what came would count, without the lists that tell what is missing.
 */
export const wholeMark = 'whole';

const recordBytes = 64 * 1024;
const dotRecords = 4;

/**
 * `$dots` is what has GNU tar print a dot each time that so many records were read; nothing where it is another tar. Whole
 * records: what a pipe gives at once may be less, and would count as one.
 */
export const dotsFunction = `dots='--read-full-records --blocking-factor=${recordBytes / 512} --checkpoint=${dotRecords} --checkpoint-action=dot'
tar $dots --version < /dev/null > /dev/null 2>&1 || dots=
`;

/** How many dots tell that the first so many bytes of a tar are unpacked: each comes before the next record is read. Pure. */
export function dotsAfter(bytes: number): number {
  return Math.ceil((Math.ceil(bytes / recordBytes) + 1) / dotRecords);
}

/**
 * $1 deploy path, $2 release id, $3 `gzip`, `zstd` or `plain`, $4 the lease's step or empty, $5 `-` or numbers with commas
 * between them; behind {@link dotsFunction}. stdin: tar with `manifest.json.new`, `deleted` and the lists of manifest-lists.ts, then `tree/` (folders,
 * links and the files that travel; the others are taken from what is live). And, where it has them: `buckets` of
 * manifest-index.ts; `env/path` and `env/file`, the env file that goes live with the set; `parts`: hash, mode, `now` or `earlier`
 * and path of files that came in parts (staged-part.ts), the latter some of them with an interrupted sync; `copies`: mode and path of files that are live with another
 * mode. At its end {@link wholeMark}. The files of `sums.1` are whole after as many dots as the first number says,
 * those of `sums.2` after so many more as the second, and so on; those of the last list when all is unpacked.
 * Exit 66: a file is not what its hash says, or the set is not whole; 69: a later step holds the lease. Nothing that is live is touched.
 */
export const receiveScript = `${treeFunctions}
s=$root/.deploy/staged/$2
rm -rf "$s"; mkdir -p "$root/.deploy/staged"; mkdir -m 0700 "$s"
trap '[ -f "$s/manifest.json" ] || rm -rf "$s"' EXIT
unpack() {
  case $1 in
    plain) tar -xmof - -C "$s" $dots ;;
    *) "$1" -dc | tar -xmof - -C "$s" $dots ;;
  esac
}
# check N: whether the files of a batch are what their hashes say. openssl, where it is, uses what the processor has for SHA-256,
# which sha256sum mostly does not: a fifth of its time. What it does not confirm, sha256sum decides.
check() {
  [ -s "$s/sums.$1" ] || return 0
  cd "$s/tree"
  { cut -c67- "../sums.$1" | tr '\\n' '\\0' | xargs -0 openssl dgst -sha256 -r | cmp -s - "../sums.$1" || $sum -c "../sums.$1"; } > /dev/null 2>&1
}
is_content() {
  case $(openssl dgst -sha256 -r "$1" 2>/dev/null || $sum "$1") in "$2"*) return 0 ;; esac
  return 1
}
if [ "$5" = - ]; then
  unpack "$3" > /dev/null
  (check 1) || exit 66
else
  # What so many dots tell to be whole is hashed while the rest is unpacked; a tar without dots is waited for.
  said=$({ { unpack "$3" 3>&- && code=0 || code=$?; printf %s "$code" >&3; } | {
    bad=; n=1
    for more in $(printf %s "$5" | tr , ' '); do
      dd bs=1 count="$more" of=/dev/null 2>/dev/null
      (check "$n") || bad=1
      n=$((n + 1))
    done
    cat > /dev/null; (check "$n") || bad=1; [ -z "$bad" ]
  } || printf ' 66' >&3; } 3>&1)
  case $said in 0) ;; '0 66') exit 66 ;; *) exit "\${said%% *}" ;; esac
fi
lock_tree; be_current "$4"
[ -f "$s/${wholeMark}" ] || exit 66
[ ! -d "$s/env" ] || chmod 0700 "$s/env"
if [ -f "$s/parts" ]; then
  while IFS=' ' read -r hash mode since p; do
    data=.deploy/parts/$hash/data
    # What a power cut took from parts that came before it, their marks do not show.
    if [ "$since" = earlier ] && ! is_content "$data" "$hash"; then rm -rf ".deploy/parts/$hash"; exit 66; fi
    mv -f "$data" "$s/tree/$p" && chmod "$mode" "$s/tree/$p"
  done < "$s/parts"
fi
if [ -f "$s/copies" ]; then
  while IFS=' ' read -r mode p; do
    if ! is_plain "$root" "\${p%/*}" || [ -L "$p" ]; then exit 66; fi
    cp "$p" "$s/tree/$p" && chmod "$mode" "$s/tree/$p"
  done < "$s/copies"
fi
# What an interrupted sync brought of files that are not in this set, nobody will ask for.
[ ! -d .deploy/parts ] || rm -rf .deploy/parts
link_all "$s/keep" "$root" "$s/tree"
seal "$s"`;
