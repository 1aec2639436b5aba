import type { BatchPart, PartResult } from '../host/batch.ts';
import { describeSystemFolder, systemFunction, type DeployPath } from './deploy-path.ts';
import { parseUnfinished, type UnfinishedDeploy } from './journal.ts';
import type { IndexDifference } from './manifest-index.ts';
import { parseManifestHeader, type ManifestHeader } from './manifest.ts';
import { StagedTreeError } from './staged-tree-error.ts';
import { stateFunction } from './staged-tree-scripts.ts';

/** A set that waits on the server, by digests. */
export interface StagedSet {
  readonly header: ManifestHeader;
  /** The how manyth the server staged; 0 where an older version of these actions did. */
  readonly order: number;
  /** SHA-256 over its `buckets` and `deleted` lists (manifest-index.ts); empty where it has none, or was found damaged. */
  readonly digest: string;
  /** Of its env file; empty without one. */
  readonly envDigest: string;
}

/** The part of a big file that an earlier, interrupted sync brought. */
export interface ReceivedPart {
  /** SHA-256 of the whole file. */
  readonly file: string;
  /** MiB, but for the last one of a file. */
  readonly length: number;
  /** MiB from its start. */
  readonly offset: number;
  /** SHA-256 of the part; empty where it was compared with what was sent when it came. */
  readonly digest: string;
}

/** What one short command tells of deploy-path. It reads no content but that of the env file. */
export interface Look {
  readonly isWritable: boolean;
  /** A script of an earlier step still works on the files (tree-lock.ts). */
  readonly isBusy: boolean;
  /** Nothing stands in deploy-path but our own state. */
  readonly isEmpty: boolean;
  /** Of the set that is live; undefined before the first sync. */
  readonly liveId: string | undefined;
  /**
   * Where the live set differs from the one in hand. Undefined where the server cannot tell: no set of ours is live, or
   * a file of it is not as the sync left it.
   */
  readonly difference: IndexDifference | undefined;
  /** Oldest first. */
  readonly staged: readonly StagedSet[];
  /** Release ids whose activation was begun and neither settled nor undone. */
  readonly begun: readonly string[];
  /** Those of `begun` that a sync alone began. */
  readonly unfinished: readonly string[];
  readonly diedDeploy: UnfinishedDeploy | undefined;
  readonly freeBytes: number;
  /** Undefined where the file system does not count them. */
  readonly freeFiles: number | undefined;
  readonly packers: readonly ('gzip' | 'zstd')[];
  readonly parts: readonly ReceivedPart[];
  /** Of the env file asked for. */
  readonly env: EnvLook | undefined;
}

/** What stands where the env file belongs. */
export type EnvLook =
  | { readonly kind: 'absent' }
  /** SHA-256 of it without the block of pins. */
  | { readonly kind: 'file'; readonly digest: string; readonly isPrivate: boolean }
  /** A link, a folder, or not readable. */
  | { readonly kind: 'other' };

/**
 * $1 deploy path, $2 path of the env file or empty; stdin: the buckets of the set in hand. Reads only: also what a dry run
 * may do. Exit 3: no such folder; 4: a program is missing (named); 5: a system folder (printed).
 */
const lookScript = `
cd "$1" 2>/dev/null || exit 3
${systemFunction}if is_system "$(pwd -P)"; then pwd -P; exit 5; fi
for tool in find xargs tar sed awk; do command -v $tool >/dev/null 2>&1 || { echo $tool; exit 4; }; done
if command -v sha256sum >/dev/null 2>&1; then sum=sha256sum
elif command -v shasum >/dev/null 2>&1; then sum='shasum -a 256'
else echo sha256sum; exit 4; fi
[ ! -w . ] || echo w
for tool in gzip zstd; do if command -v $tool >/dev/null 2>&1; then echo "t $tool"; fi; done
{ df -Pk .; df -Pi . 2>/dev/null; } | awk 'NR == 2 { print "k " $4 } NR == 4 { print "i " $4 }'
only=1
for f in * .[!.]* ..?*; do if [ "$f" != .deploy ] && { [ -e "$f" ] || [ -L "$f" ]; }; then only=; break; fi; done
[ -z "$only" ] || echo n
if [ -n "$2" ]; then
  if [ -L "$2" ] || { [ -e "$2" ] && { [ ! -f "$2" ] || [ ! -r "$2" ]; }; }; then echo 'e other'
  elif [ -f "$2" ]; then
    mode=shared; [ -z "$(find "$2" -perm 0600)" ] || mode=private
    printf 'e %s %s\\n' "$mode" "$(sed '/^# >>> deploy-actions/,/^# <<< deploy-actions/d' "$2" | $sum | cut -c1-64)"
  else echo 'e absent'; fi
fi
cd .deploy 2>/dev/null || { cat > /dev/null; exit 0; }
if [ -e tree.lock ] && command -v flock >/dev/null 2>&1; then (flock -n 8) 8< tree.lock || echo b; fi
if [ -f manifest.json ]; then printf 'm %s\\n' "$(head -n 1 manifest.json)"; fi
for s in staged/*/; do
  [ -f "$s/manifest.json" ] || continue
  printf 'g %s\\n' "$(head -n 1 "$s/manifest.json")"
  [ ! -s "$s/order" ] || printf 'o %s\\n' "$(cat "$s/order")"
  [ ! -f "$s/buckets" ] || [ -e "$s/damaged" ] || printf 'h %s\\n' "$(cat "$s/buckets" "$s/deleted" | $sum | cut -c1-64)"
  [ ! -f "$s/env/file" ] || printf 'E %s\\n' "$($sum < "$s/env/file" | cut -c1-64)"
done
for u in undo/*Z-*; do id=\${u##*/}; [ -d "$u" ] || continue
  printf 'B %s\\n' "$id"; if [ -e "staged/$id/now" ]; then printf 'U %s\\n' "$id"; fi; done
j=; for f in journal/*.jsonl; do [ ! -f "$f" ] || j=$f; done
if [ -n "$j" ]; then
  case $(tail -n 1 "$j") in
    *'"step":"committed"'*|*'"step":"rollback-done"'*) ;;
    *) printf 'j %s\\n' "\${j##*/}"; sed 's/^/j /' "$j" ;;
  esac
fi
for f in parts/*/marks-*/*; do
  [ -f "$f" ] || continue
  d=\${f%/*}; file=\${d%/*}
  printf 'p %s %s %s %s\\n' "\${file#parts/}" "\${d##*/marks-}" "\${f##*/}" "$(cat "$f")"
done
if [ -f live/state ]; then
  printf 's %s\\n' "$(cat live/state)"
  { cat; echo =; cat live/buckets; echo =; cat live/index; } | awk '
    $1 == "=" { part++; next }
    !part { wanted[$1] = $2; next }
    part == 1 { if (wanted[$1] != $2) { differs[$1] = 1; print "x " $1 }; next }
    differs[substr($0, 1, 2)] { print "y " $0 }'
else cat > /dev/null; fi
exit 0`;

/**
 * $1 deploy path. Prints what the files of the live set look like now; nothing where there is none, and nothing equal to a
 * recorded state where it cannot tell. What is wrong with deploy-path, the look says.
 */
const stateScript = `
cd "$1" 2>/dev/null && [ -f .deploy/live/state ] || exit 0
if command -v sha256sum >/dev/null 2>&1; then sum=sha256sum; else sum='shasum -a 256'; fi
${stateFunction}state_of "$PWD/.deploy/live"`;

/**
 * The longest part of a look, on its own: it may come before what the look waits for. Whoever of ours changes the live set after
 * it also records another state, so that the look tells no difference by it.
 */
export function statePart(deployPath: DeployPath): BatchPart {
  return { purpose: 'look at the live files', source: stateScript, args: [deployPath], mayFail: true };
}

/** The command of {@link parseLook}. `envPath` is empty, or `./…`; the buckets come as the batch's late stdin. */
export function lookPart(deployPath: DeployPath, hostName: string, envPath: string): BatchPart {
  return {
    purpose: 'look at deploy-path',
    source: lookScript,
    args: [deployPath, envPath],
    stdin: '',
    fail: (result) => lookFailed(deployPath, hostName, result),
  };
}

function lookFailed(deployPath: DeployPath, hostName: string, result: PartResult): StagedTreeError {
  if (result.code === 4)
    return new StagedTreeError({
      code: 'TOOL_MISSING',
      message: `${hostName} has no ${result.stdout.trim().split('\n').at(-1) ?? ''}. Nothing was changed.`,
      hint: 'The server needs a POSIX shell with coreutils, findutils, awk, sed and tar (BusyBox has them too).',
    });
  if (result.code === 5)
    return new StagedTreeError({
      code: 'DEPLOY_PATH_UNUSABLE',
      message: describeSystemFolder(deployPath, hostName, result.stdout.trim()),
      hint: 'Give the project a folder of its own, for example /srv/my-app.',
    });
  return new StagedTreeError({
    code: 'DEPLOY_PATH_UNUSABLE',
    message: `input \`deploy-path\`: ${deployPath} on ${hostName} ${result.code === 3 ? 'does not exist or cannot be entered' : `could not be read (exit code ${result.code}): ${result.stderr.trim()}`}.`,
    hint: `Make it once: install -d -o <deploy user> ${deployPath}`,
  });
}

/**
 * What {@link lookPart}'s command printed. Pure.
 * @param state what {@link statePart}'s printed, before it
 * @throws StagedTreeError MANIFEST_UNREADABLE
 */
export function parseLook(text: string, deployPath: string, state: string): Look {
  const lines = text.split('\n');
  const bodies = (mark: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${mark} `)).map((line) => line.slice(2));
  const tools = bodies('t');
  const [live] = bodies('m');
  const recorded = bodies('s')[0] ?? '';
  const freeFiles = Number.parseInt(bodies('i')[0] ?? '', 10);
  return {
    isWritable: lines.includes('w'),
    isBusy: lines.includes('b'),
    isEmpty: lines.includes('n'),
    liveId: live === undefined ? undefined : parseManifestHeader(live, `${deployPath}/.deploy/manifest.json`).releaseId,
    difference: recorded !== '' && recorded === state.trim() ? { buckets: bodies('x'), lines: bodies('y') } : undefined,
    staged: parseStagedSets(lines, `${deployPath}/.deploy/staged`),
    begun: bodies('B'),
    unfinished: bodies('U'),
    diedDeploy: parseUnfinished(bodies('j').join('\n')),
    freeBytes: Number(bodies('k')[0] ?? NaN) * 1024,
    freeFiles: Number.isNaN(freeFiles) || freeFiles === 0 ? undefined : freeFiles,
    packers: (['gzip', 'zstd'] as const).filter((name) => tools.includes(name)),
    parts: bodies('p').flatMap(parsePart),
    env: parseEnv(bodies('e')[0]),
  };
}

function parseStagedSets(lines: readonly string[], where: string): readonly StagedSet[] {
  const sets: StagedSet[] = [];
  for (const line of lines) {
    const body = line.slice(2);
    const last = sets.at(-1);
    if (line.startsWith('g '))
      sets.push({ header: parseManifestHeader(body, where), order: 0, digest: '', envDigest: '' });
    else if (last !== undefined && line.startsWith('o ')) sets[sets.length - 1] = { ...last, order: Number(body) };
    else if (last !== undefined && line.startsWith('h ')) sets[sets.length - 1] = { ...last, digest: body };
    else if (last !== undefined && line.startsWith('E ')) sets[sets.length - 1] = { ...last, envDigest: body };
  }
  return sets.sort(byOrder);
}

type Ordered = Pick<StagedSet, 'order'> & { readonly header: Pick<ManifestHeader, 'releaseId'> };

/** As the server staged them; those without a number by their names. */
export function byOrder(a: Ordered, b: Ordered): number {
  return a.order - b.order || (a.header.releaseId < b.header.releaseId ? -1 : 1);
}

function parsePart(text: string): readonly ReceivedPart[] {
  const [file = '', length = '', offset = '', digest = ''] = text.split(' ');
  const isOurs = /^[0-9a-f]{64}$/.test(file) && [length, offset].every((number) => /^\d+$/.test(number));
  return isOurs ? [{ file, length: Number(length), offset: Number(offset), digest }] : [];
}

function parseEnv(text: string | undefined): EnvLook | undefined {
  if (text === undefined) return undefined;
  const [word, digest = ''] = text.split(' ');
  if (word === 'absent') return { kind: 'absent' };
  return word === 'private' || word === 'shared'
    ? { kind: 'file', digest, isPrivate: word === 'private' }
    : { kind: 'other' };
}
