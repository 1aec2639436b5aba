import type { Readable } from 'node:stream';
import type { Host } from '../host/host.ts';
import type { DeployPath } from './deploy-path.ts';
import type { Look } from './manifest-look.ts';
import { runTreeScript } from './staged-tree-run.ts';

/**
 * $1 deploy path, $2 SHA-256 of the whole file, $3 MiB from its start, $4 MiB at most, $5 `plain`, `gzip` or `zstd`, $6 the
 * hash program; stdin: the content. The mark is written last, with what is on the disk: a part that was cut short never
 * equals the one that belongs there. Prints the digest.
 */
const partScript = `
set -eu
d=$1/.deploy/parts/$2
umask 077; mkdir -p "$d/marks"
rm -f "$d/marks/$3"
case $5 in plain) cat ;; *) "$5" -dc ;; esac | dd of="$d/data" bs=1048576 seek="$3" conv=notrunc status=none
if ! command -v "$6" >/dev/null 2>&1; then set -- "$1" "$2" "$3" "$4" "$5" 'shasum -a 256'; fi
digest=$(dd if="$d/data" bs=1048576 skip="$3" count="$4" status=none | $6 | cut -d ' ' -f 1)
printf '%s' "$digest" > "$d/marks/.$3"
mv -f "$d/marks/.$3" "$d/marks/$3"
printf '%s' "$digest"`;

/** A piece of a big file, on its way to `.deploy/parts/<SHA-256 of the file>/`. */
export interface FilePart {
  /** SHA-256 of the whole file. */
  readonly file: string;
  /** MiB from its start. */
  readonly offset: number;
  /** MiB, at most. */
  readonly length: number;
  readonly content: Readable;
  readonly packing: 'plain' | 'gzip' | 'zstd';
}

/**
 * Receives one part; several at once do not meet. The next one of the same file and place writes over it.
 * @returns the digest, by `sum`, of what is on the server's disk
 */
export function receivePart(
  host: Host,
  deployPath: DeployPath,
  part: FilePart,
  options: { readonly sum: Look['partSum']; readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<string> {
  const program = options.sum === 'sha256' ? 'sha256sum' : 'b2sum';
  return runTreeScript(host, deployPath, part.file, {
    purpose: 'receive a part of a big file',
    source: partScript,
    args: [String(part.offset), String(part.length), part.packing, program],
    options: { stdin: part.content, signal: options.signal, timeoutMs: options.timeoutMs },
  });
}
