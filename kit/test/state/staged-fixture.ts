import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { localHost } from '../../src/host/local-host.ts';
import { diffManifests, type DeleteRule } from '../../src/state/manifest-diff.ts';
import { indexManifest } from '../../src/state/manifest-index.ts';
import { listSet, type SetParts } from '../../src/state/manifest-lists.ts';
import { probeLive } from '../../src/state/manifest-live.ts';
import { formatManifest, type Manifest, type ManifestEntry } from '../../src/state/manifest.ts';
import { parseDeployPath, type DeployPath } from '../../src/state/deploy-path.ts';
import { receiveStagedTree } from '../../src/state/staged-tree.ts';
import { wholeMark } from '../../src/state/receive-script.ts';
import { ensureStateFolder } from '../../src/state/state-folder.ts';

/** Path → content; `-> target` is a symbolic link, `#!…` makes an executable file. */
export type Files = Readonly<Record<string, string>>;

/** A deploy-path in a temporary folder, worked on by the real shell of this machine. */
export interface Site {
  readonly host: ReturnType<typeof localHost>;
  readonly path: DeployPath;
  /** Stages a whole set as action-sync-remote does: only what differs is in the tar. Returns its release id, of `year`. */
  stage(files: Files, year?: string): Promise<string>;
  write(files: Files): void;
  /** Everything below deploy-path but `.deploy/`: path → content, `-> target`, `/` for an empty folder. */
  read(): Files;
  remove(): void;
}

export async function makeSite(name = 'app'): Promise<Site> {
  const base = mkdtempSync(join(tmpdir(), 'staged-'));
  const path = parseDeployPath(join(base, name));
  mkdirSync(path);
  const host = localHost();
  await ensureStateFolder(host, path);
  let count = 0;
  return {
    host,
    path,
    write: (files) => writeFiles(path, files),
    read: () => readFiles(path),
    remove: () => rmSync(base, { recursive: true, force: true }),
    stage: async (files, year = '2026') => {
      count++;
      const releaseId =
        `${year}11210300${String(count).padStart(2, '0')}000Z-local-00${String(count).padStart(2, '0')}`.replace(
          /^(\d{8})(\d{6})/,
          '$1T$2',
        );
      await stageFiles(host, path, releaseId, files);
      return releaseId;
    },
  };
}

export function entriesOf(files: Files): readonly ManifestEntry[] {
  return Object.entries(files)
    .map(([path, content]): ManifestEntry =>
      content.startsWith('-> ')
        ? { path, link: content.slice(3) }
        : {
            path,
            mode: content.startsWith('#!') ? '0755' : '0644',
            sha256: createHash('sha256').update(content).digest('hex'),
            size: Buffer.byteLength(content),
          },
    )
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const rule: DeleteRule = { delete: 'managed', isProtected: () => false };

async function stageFiles(host: Site['host'], path: DeployPath, releaseId: string, files: Files): Promise<void> {
  const entries = entriesOf(files);
  const live = await probeLive(
    host,
    path,
    entries.map((entry) => entry.path),
  );
  const transfer = diffManifests(entries, live, rule);
  const manifest: Manifest = {
    format: 1,
    releaseId,
    createdAt: '2026-11-21T03:00:00.000Z',
    commit: 'local',
    runUrl: 'a test',
    files: entries,
    deleted: transfer.deleted,
  };
  const sent = new Set([...transfer.send, ...transfer.links].map((entry) => entry.path));
  const content = Object.fromEntries(Object.entries(files).filter(([name]) => sent.has(name)));
  await receiveStagedTree(host, path, releaseId, {
    tar: packSet(manifest, { batches: [transfer.send], keep: transfer.keep }, content),
    packing: 'plain',
    signal: new AbortController().signal,
    timeoutMs: 180_000,
  });
}

/** A set as it travels, made by this machine's tar; `more` stands beside its lists. */
export function packSet(manifest: Manifest, parts: SetParts, content: Files, more: Files = {}): Readable {
  const folder = mkdtempSync(join(tmpdir(), 'archive-'));
  const list = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  mkdirSync(join(folder, 'tree'));
  for (const entry of manifest.files) mkdirSync(dirname(join(folder, 'tree', entry.path)), { recursive: true });
  writeFiles(join(folder, 'tree'), content);
  writeFiles(folder, {
    ...more,
    ...Object.fromEntries(listSet(manifest.files, parts).map(({ name, lines }) => [name, list(lines)])),
    buckets: list(indexManifest(manifest.files).buckets),
    deleted: list(manifest.deleted.map((entry) => `./${entry}`)),
    'manifest.json.new': formatManifest(manifest),
  });
  const names = readdirSync(folder).filter((name) => name !== 'tree');
  writeFileSync(join(folder, wholeMark), '');
  const tar = execFileSync('tar', ['--sort=name', '-cf', '-', '-C', folder, ...names, 'tree', wholeMark], {
    maxBuffer: 64 * 1024 * 1024,
  });
  rmSync(folder, { recursive: true });
  return Readable.from([tar], { objectMode: false });
}

export function writeFiles(folder: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const full = join(folder, path);
    mkdirSync(dirname(full), { recursive: true });
    rmSync(full, { force: true });
    if (content.startsWith('-> ')) symlinkSync(content.slice(3), full);
    else {
      writeFileSync(full, content);
      chmodSync(full, content.startsWith('#!') ? 0o755 : 0o644);
    }
  }
}

export function readFiles(folder: string, prefix = ''): Files {
  const found: Record<string, string> = {};
  const names = readdirSync(join(folder, prefix)).filter((name) => prefix !== '' || name !== '.deploy');
  if (names.length === 0 && prefix !== '') found[prefix] = '/';
  for (const name of names) {
    const path = prefix === '' ? name : `${prefix}/${name}`;
    const stat = lstatSync(join(folder, path));
    if (stat.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(folder, path))}`;
    else if (stat.isDirectory()) Object.assign(found, readFiles(folder, path));
    else found[path] = readFileSync(join(folder, path), 'utf8');
  }
  return found;
}
