import type { Host } from '../host/host.ts';
import { ancestorsOf, parseManifest, type Manifest } from './manifest.ts';
import { parseUnfinished, type UnfinishedDeploy } from './journal.ts';
import { StagedTreeError } from './staged-tree-error.ts';
import type { DeployPath } from './deploy-path.ts';

/** What stands at one path of deploy-path now. */
export type LiveEntry =
  /** `mode` is undefined for anything but 0644 and 0755. */
  | { readonly kind: 'file'; readonly sha256: string; readonly mode: '0644' | '0755' | undefined }
  | { readonly kind: 'link'; readonly target: string }
  | { readonly kind: 'folder'; readonly isWritable: boolean }
  | { readonly kind: 'unreadable' }
  /** Device, socket, pipe. */
  | { readonly kind: 'special' };

/** The server's side of a comparison. Only the paths asked for were looked at; absent ones have no entry. */
export interface LiveState {
  /** Of the set that is live; undefined before the first sync. */
  readonly manifest: Manifest | undefined;
  /** Of sets that are staged, oldest first. */
  readonly staged: readonly Manifest[];
  /** Release ids whose activation was begun and neither settled nor undone. */
  readonly begun: readonly string[];
  /** Those of `begun` that a sync alone began: no rollout's journal will settle them. */
  readonly unfinished: readonly string[];
  /** The rollout that died, if the last one did; the next rollout settles it. */
  readonly diedDeploy: UnfinishedDeploy | undefined;
  readonly freeBytes: number;
  readonly entries: ReadonlyMap<string, LiveEntry>;
}

/** Looks at the paths given as arguments. $0 the hash program. One letter a line; see parseLiveState. */
const lookScript = `
sum=$0
nl='
'
[ $# -gt 0 ] || exit 0
for p; do
  if [ -L "$p" ]; then
    # No link of a set leads to a name with a line end; such a one must not be taken for lines of ours.
    t=$(readlink "$p" && echo .) || t=; t=\${t%"$nl".}
    case $t in *"$nl"*) t= ;; esac
    printf 'l %s\\nt %s\\n' "$p" "$t"
  elif [ -d "$p" ]; then if [ -w "$p" ] && [ -x "$p" ]; then printf 'd %s\\n' "$p"; else printf 'D %s\\n' "$p"; fi
  elif [ -f "$p" ]; then [ -r "$p" ] || printf 'u %s\\n' "$p"
  elif [ -e "$p" ]; then printf 's %s\\n' "$p"
  fi
done
find "$@" -prune -type f -perm 0644 -exec $sum {} + 2>/dev/null | sed 's/^/4 /'
find "$@" -prune -type f -perm 0755 -exec $sum {} + 2>/dev/null | sed 's/^/5 /'
find "$@" -prune -type f ! -perm 0644 ! -perm 0755 -exec $sum {} + 2>/dev/null | sed 's/^/x /'
exit 0`;

/**
 * $1 deploy path, $2 lookScript; stdin: paths (./a/b), one a line. Reads only: also what a dry run may do.
 * Exit 3: no such folder; 4: a program is missing (named).
 */
const probeScript = `
cd "$1" 2>/dev/null || exit 3
for tool in find xargs tar sed; do command -v $tool >/dev/null 2>&1 || { echo $tool; exit 4; }; done
if command -v sha256sum >/dev/null 2>&1; then sum=sha256sum
elif command -v shasum >/dev/null 2>&1; then sum='shasum -a 256'
else echo sha256sum; exit 4; fi
[ -w . ] && printf 'd .\\n' || printf 'D .\\n'
if [ -f .deploy/manifest.json ]; then sed 's/^/m /' .deploy/manifest.json; fi
for m in .deploy/staged/*/manifest.json; do if [ -f "$m" ]; then sed 's/^/g /' "$m"; printf 'G\\n'; fi; done
for u in .deploy/undo/*Z-*; do id=\${u##*/}; [ -d "$u" ] || continue
  printf 'B %s\\n' "$id"; if [ -e ".deploy/staged/$id/now" ]; then printf 'U %s\\n' "$id"; fi; done
j=$(ls -1 .deploy/journal/*.jsonl 2>/dev/null | sort | tail -n 1)
if [ -n "$j" ]; then
  case $(tail -n 1 "$j") in
    *'"step":"committed"'*|*'"step":"rollback-done"'*) ;;
    *) printf 'j %s\\n' "\${j##*/}"; sed 's/^/j /' "$j" ;;
  esac
fi
printf 'k %s\\n' "$(df -Pk . | awk 'NR==2 {print $4}')"
tr '\\n' '\\0' | xargs -0 sh -c "$2" "$sum"`;

/**
 * Looks at `paths` (and every folder above them) in deploy-path and reads the manifests.
 * @throws StagedTreeError DEPLOY_PATH_UNUSABLE, TOOL_MISSING, MANIFEST_UNREADABLE
 */
export async function probeLive(
  host: Host,
  deployPath: DeployPath,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<LiveState> {
  const wanted = new Set(paths.flatMap((path) => [...ancestorsOf(path), path]));
  const stdin = [...wanted].map((path) => `./${path}\n`).join('');
  const bounds = { timeoutMs: 600_000, maxCaptureBytes: 256 * 1024 * 1024 };
  const options = { stdin, ...bounds, ...(signal === undefined ? {} : { signal }) };
  const result = await host.script(probeScript, [deployPath, lookScript], options);
  if (result.code === 0) return parseLiveState(result.stdout, deployPath);
  if (result.code === 4)
    throw new StagedTreeError({
      code: 'TOOL_MISSING',
      message: `${host.name} has no ${result.stdout.trim()}.`,
      hint: 'The server needs a POSIX shell with coreutils, findutils, sed and tar (BusyBox has them too).',
    });
  throw new StagedTreeError({
    code: 'DEPLOY_PATH_UNUSABLE',
    message: `input \`deploy-path\`: ${deployPath} on ${host.name} ${result.code === 3 ? 'does not exist or cannot be entered' : `could not be read (exit code ${result.code}): ${result.stderr.trim()}`}.`,
    hint: `Make it once: install -d -o <deploy user> ${deployPath}`,
  });
}

/** Pure part of {@link probeLive}. */
export function parseLiveState(text: string, deployPath: string): LiveState {
  const lines = text.split('\n');
  const bodies = (mark: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${mark} `)).map((line) => line.slice(2));
  const manifest = bodies('m').join('\n');
  return {
    manifest: manifest === '' ? undefined : parseManifest(manifest, `${deployPath}/.deploy/manifest.json`),
    staged: parseStaged(lines, `${deployPath}/.deploy/staged`),
    begun: bodies('B'),
    unfinished: bodies('U'),
    diedDeploy: parseUnfinished(bodies('j').join('\n')),
    freeBytes: Number(bodies('k')[0] ?? NaN) * 1024,
    entries: parseEntries(lines),
  };
}

function parseStaged(lines: readonly string[], where: string): readonly Manifest[] {
  const found: Manifest[] = [];
  let text = '';
  for (const line of lines) {
    if (line.startsWith('g ')) text += `${line.slice(2)}\n`;
    if (line !== 'G') continue;
    found.push(parseManifest(text, where));
    text = '';
  }
  return found.sort((a, b) => (a.releaseId < b.releaseId ? -1 : 1));
}

function parseEntries(lines: readonly string[]): ReadonlyMap<string, LiveEntry> {
  const entries = new Map<string, LiveEntry>();
  let link = '';
  for (const line of lines) {
    const mark = line.slice(0, 2);
    const rest = line.slice(2);
    const path = rest.replace(/^\.\//, '');
    if (mark === 'l ') link = path;
    else if (mark === 't ') entries.set(link, { kind: 'link', target: rest });
    else if (mark === 'd ' || mark === 'D ') entries.set(path, { kind: 'folder', isWritable: mark === 'd ' });
    else if (mark === 'u ') entries.set(path, { kind: 'unreadable' });
    else if (mark === 's ') entries.set(path, { kind: 'special' });
    else addHashed(entries, mark, rest);
  }
  return entries;
}

/** `<64 hex>  ./path`, as sha256sum prints it. */
function addHashed(entries: Map<string, LiveEntry>, mark: string, rest: string): void {
  const match = /^([0-9a-f]{64}) [ *]\.\/(.+)$/.exec(rest);
  if (match?.[1] === undefined || match[2] === undefined) return;
  if (mark === '4 ') entries.set(match[2], { kind: 'file', sha256: match[1], mode: '0644' });
  if (mark === '5 ') entries.set(match[2], { kind: 'file', sha256: match[1], mode: '0755' });
  if (mark === 'x ') entries.set(match[2], { kind: 'file', sha256: match[1], mode: undefined });
}
