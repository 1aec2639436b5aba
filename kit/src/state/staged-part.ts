import type { Readable } from 'node:stream';
import type { Host } from '../host/host.ts';
import type { DeployPath } from './deploy-path.ts';
import { runTreeScript } from './staged-tree-run.ts';
import { treeFunctions } from './staged-tree-scripts.ts';

/**
 * $1 deploy path, $2 SHA-256 of the whole file, $3 MiB from its start, $4 MiB at most, $5 `plain`, `gzip` or `zstd`;
 * stdin: the content. The mark is made last, in a folder that names the length: another version may cut otherwise. A frame of zstd carries a hash of what it holds (XXH64), which is compared there
 * before the end is well; what came otherwise is read back, its SHA-256 is in the mark and printed. No set goes live before each
 * whole file was compared with its SHA-256 (activateScript). openssl first: it uses the processor's own SHA-256, Debian 12's sha256sum does
 * not (`time openssl dgst -sha256 FILE` of 300 MiB: 0.28 s; `time sha256sum FILE`: 1.69 s).
 */
const partScript = `
set -eu
d=$1/.deploy/parts/$2; marks=$d/marks-$4; mark=$marks/$3
umask 077; [ -d "$marks" ] || mkdir -p "$marks"
rm -f "$mark"
# dd only goes to the place: what unpacks writes there itself, and nothing is passed on once more.
{ dd bs=1048576 seek="$3" count=0 conv=notrunc status=none < /dev/null; case $5 in plain) cat ;; *) "$5" -dc ;; esac; } 1<> "$d/data"
digest_of() { dd if="$d/data" bs=1048576 skip="$1" count="$2" status=none | { shift 2; "$@"; } | cut -c1-64; }
digest=
if [ "$5" != zstd ]; then
  digest=$(digest_of "$3" "$4" openssl dgst -sha256 -r 2>/dev/null) || digest=
  [ "\${#digest}" = 64 ] || digest=$(digest_of "$3" "$4" sha256sum 2>/dev/null) || digest=
  [ "\${#digest}" = 64 ] || digest=$(digest_of "$3" "$4" shasum -a 256)
fi
printf '%s' "$digest" > "$marks/.$3"
mv -f "$marks/.$3" "$mark"
printf '%s' "$digest"`;

/** $1 deploy path, $2 nothing, $3 the lease's step; stdin: SHA-256 of the files whose parts stay. Prints the free KiB then. */
const dropScript = `${treeFunctions}
lock_tree; be_current "$3"
wanted=$(cat)
for d in .deploy/parts/*; do
  [ -d "$d" ] || continue
  case "$wanted" in *"\${d##*/}"*) ;; *) rm -rf "$d" ;; esac
done
rmdir .deploy/parts 2>/dev/null || :
df -Pk . | awk 'NR==2 {print $4}'`;

/** Removes the parts of all other files, which an interrupted sync left. @returns bytes that are free then */
export async function dropOtherParts(
  host: Host,
  deployPath: DeployPath,
  wanted: readonly string[],
  { step, signal }: { readonly step: string; readonly signal: AbortSignal },
): Promise<number> {
  const purpose = 'remove what an interrupted sync left';
  const options = { stdin: `${wanted.join('\n')}\n`, signal };
  return (
    Number(await runTreeScript(host, deployPath, '', { purpose, source: dropScript, args: [step], options })) * 1024
  );
}

/** A piece of a big file, on its way to `.deploy/parts/<SHA-256 of the file>/`. */
export interface FilePart {
  /** SHA-256 of the whole file. */
  readonly file: string;
  /** MiB from its start. */
  readonly offset: number;
  /** MiB, at most. */
  readonly length: number;
  readonly content: Readable;
  /** zstd: with its checksum. */
  readonly packing: 'plain' | 'gzip' | 'zstd';
}

/**
 * Receives one part; several at once do not meet. The next one of the same file and place writes over it.
 * @returns the SHA-256 of what is on the server's disk; empty where zstd has compared the content already
 */
export function receivePart(
  host: Host,
  deployPath: DeployPath,
  part: FilePart,
  options: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<string> {
  return runTreeScript(host, deployPath, part.file, {
    purpose: 'receive a part of a big file',
    source: partScript,
    args: [String(part.offset), String(part.length), part.packing],
    options: { ...options, stdin: part.content },
  });
}
