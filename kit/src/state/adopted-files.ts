import { randomBytes } from 'node:crypto';
import { scriptOrThrow, type Host } from '../host/host.ts';
import { systemClock } from '../time/clock.ts';
import { hasControlCharacter, type DeployPath } from './deploy-path.ts';
import { probeLive } from './manifest-live.ts';
import { formatManifest, formatReleaseId, isAlwaysProtected, type ManifestEntry } from './manifest.ts';

/** Hashing on a slow disk takes its time; it happens once in the life of a project. */
const scriptTimeoutMs = 900_000;

/** $1 deploy path; stdin: paths, one a line. One line for each file or link: kind, path, then mode, size and hash, or target. */
const lookScript = `
cd "$1" || exit 1
if command -v sha256sum >/dev/null 2>&1; then sum=sha256sum; else sum='shasum -a 256'; fi
while IFS= read -r p; do
  if [ -L "$p" ]; then printf 'l\\t%s\\t%s\\n' "$p" "$(readlink "$p")"
  elif [ -f "$p" ] && [ -r "$p" ]; then
    mode=0644; [ ! -x "$p" ] || mode=0755
    printf 'f\\t%s\\t%s\\t%s\\t%s\\n' "$p" "$mode" "$(($(wc -c < "$p")))" "$($sum < "$p" | cut -c1-64)"
  fi
done`;

/**
 * $1 deploy path, $2 release number. stdin: a count and as many paths for `tree/`, a count and as many for `env/`, the
 * manifest. The archive is for the deploy user alone: env files hold secrets.
 */
const packScript = `
set -eu
cd "$1"; root=$(pwd -P); w=$root/.deploy/files/.adopt
rm -rf "$w"; mkdir -p -m 0700 .deploy/files; mkdir -m 0700 "$w"; mkdir "$w/tree" "$w/env"
take() { IFS= read -r count; i=0; while [ $i -lt "$count" ]; do IFS= read -r line; printf '%s\\n' "$line"; i=$((i + 1)); done; }
take > "$w/paths"; take > "$w/private"; cat > "$w/manifest.json"
copy() { while IFS= read -r p; do if [ -L "$p" ] || [ -f "$p" ]; then case $p in */*) mkdir -p "$2/\${p%/*}" ;; esac; cp -pP "$p" "$2/$p"; fi; done < "$1"; }
copy "$w/paths" "$w/tree"; copy "$w/private" "$w/env"
(umask 077; tar -cf ".deploy/files/.$2.new" -C "$w" manifest.json tree env)
mv -f ".deploy/files/.$2.new" ".deploy/files/$2.tar"
rm -rf "$w"`;

/** What an archive of live files is made of, relative to deploy-path; what does not exist is left out. */
export interface LiveFiles {
  /** Named by the compose model; what a sync put there or is about to replace is added. */
  readonly paths: readonly string[];
  /** Env files: kept for people, never put back by a rollback, which must not undo a changed secret. */
  readonly privatePaths: readonly string[];
}

/**
 * Packs what is live as `.deploy/files/<number>.tar`, in the form that stageReleaseFiles reads: the way back to files
 * that no sync had put there. Every path that the staged set would replace or delete is in it.
 */
export async function archiveLiveFiles(
  host: Host,
  deployPath: DeployPath,
  number: number,
  files: LiveFiles,
): Promise<void> {
  const { manifest, staged } = await probeLive(host, deployPath, []);
  const sets = [...(manifest === undefined ? [] : [manifest]), ...staged];
  const synced = sets.flatMap((set) => [...set.files.map(({ path }) => path), ...set.deleted]);
  const wanted = [...new Set([...files.paths, ...synced])].filter(isArchivable);
  const entries = await lookAtFiles(host, deployPath, wanted);
  const now = systemClock.date();
  const text = formatManifest({
    format: 1,
    releaseId: formatReleaseId(now, 'local', randomBytes(2).toString('hex')),
    createdAt: now.toISOString(),
    commit: 'local',
    runUrl: '',
    files: entries,
    deleted: [],
  });
  const section = (paths: readonly string[]): string => `${paths.length}\n${paths.map((path) => `${path}\n`).join('')}`;
  await scriptOrThrow(host, 'archive the files that are live', packScript, [deployPath, String(number)], {
    stdin: section(entries.map(({ path }) => path)) + section(files.privatePaths.filter(isInside)) + text,
    timeoutMs: scriptTimeoutMs,
  });
}

function isInside(path: string): boolean {
  const parts = path.split('/');
  return (
    path !== '' && !parts.includes('..') && parts[0] !== '' && parts[0] !== '.deploy' && !hasControlCharacter(path)
  );
}

function isArchivable(path: string): boolean {
  return isInside(path) && !isAlwaysProtected(path) && !path.includes('\\');
}

async function lookAtFiles(
  host: Host,
  deployPath: DeployPath,
  paths: readonly string[],
): Promise<readonly ManifestEntry[]> {
  if (paths.length === 0) return [];
  const stdin = paths.map((path) => `${path}\n`).join('');
  const result = await scriptOrThrow(host, 'look at the files that are live', lookScript, [deployPath], {
    stdin,
    timeoutMs: scriptTimeoutMs,
  });
  return result.stdout.split('\n').flatMap(parseEntry);
}

function parseEntry(line: string): readonly ManifestEntry[] {
  const [kind, path = '', second = '', size = '', sha256 = ''] = line.split('\t');
  if (kind === 'l') return [{ path, link: second }];
  return kind === 'f' ? [{ path, mode: second === '0755' ? '0755' : '0644', size: Number(size), sha256 }] : [];
}
