import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMetadata } from '../metadata.ts';
import type { Git } from './git.ts';
import type { Identity } from './identity.ts';
import { rewriteDocument, type MirrorContext } from './mirror-content.ts';
import { makeTag, type Release } from './publish.ts';
import { refuseIfAny, ReleaseRefusal } from './refusal.ts';
import { planTags } from './tag-plan.ts';

/** What became of one mirror. */
export interface MirrorResult {
  readonly folder: string;
  readonly tags: readonly string[];
  /** Its tag was there already with the same content: an earlier run got as far. */
  readonly isNew: boolean;
}

/** A file of a tree: git's mode and object, and the path in the mirror. */
interface Entry {
  readonly mode: string;
  readonly object: string;
  readonly path: string;
}

/** Documents of the folder that a mirror carries; dist/ goes as a whole. Sources and tests stay here. */
const documents = ['README.md', 'CHANGELOG.md'];

/**
 * Puts one released action into the repository of its own at `url`: action.yml, dist/, documents and licence in the root,
 * no workflow and nothing else. Its branch main gets one commit on top of what is there; tags as here, without the prefix.
 * @throws ReleaseRefusal when the tag is there with other content, or action.yml starts a file that the mirror lacks
 */
export async function mirrorRelease(
  git: Git,
  url: string,
  { unit, tags }: Release,
  identity: Identity,
): Promise<MirrorResult> {
  const version = tags.immutable.slice(unit.prefix.length);
  const { major } = unit.version;
  const entries = await listEntries(git, { identity, folder: unit.folder, tag: tags.immutable, major });
  checkEntryPoints(git.folder, unit.folder, entries);
  const tree = await makeTree(git, entries);
  const refs = await listRemote(git, url);
  const parent = refs.get('refs/heads/main');
  const there = refs.get(`refs/tags/${version}`);
  if (there !== undefined) {
    await git.run(['fetch', '--quiet', '--no-tags', url, `refs/tags/${version}`]);
    if ((await git.run(['rev-parse', `${there}^{tree}`])) === tree)
      return { folder: unit.folder, tags: [], isNew: false };
    throw new ReleaseRefusal([`${url}: ${version} is there with other content. A release tag never moves.`]);
  }
  if (parent !== undefined) await git.run(['fetch', '--quiet', '--no-tags', url, 'refs/heads/main']);
  const source = await git.run(['rev-parse', 'HEAD']);
  const message = `${unit.folder} ${version}\n\nFrom ${identity.slug}@${source}\n`;
  const parents = parent === undefined ? [] : ['-p', parent];
  const commit = await git.run(['commit-tree', tree, ...parents], { input: message });
  const existing = [...refs.keys()].map((ref) => ref.replace('refs/tags/', ''));
  const { moving } = planTags('', unit.version, existing);
  const tag = await makeTag(git, commit, version, `From ${identity.slug}@${source}`);
  const pushes = [
    // A fix of an older line is a tag only: main stays on the newest.
    ...(moving.includes(`v${major}`) ? [{ object: commit, ref: 'refs/heads/main' }] : []),
    { object: tag, ref: `refs/tags/${version}` },
    ...moving.map((name) => ({ object: commit, ref: `refs/tags/${name}` })),
  ];
  const leases = pushes.map(({ ref }) => `--force-with-lease=${ref}:${refs.get(ref) ?? ''}`);
  await git.run([
    'push',
    '--quiet',
    '--atomic',
    ...leases,
    url,
    ...pushes.map(({ object, ref }) => `${object}:${ref}`),
  ]);
  return { folder: unit.folder, tags: [version, ...moving], isNew: true };
}

async function listEntries(git: Git, about: Omit<MirrorContext, 'files'>): Promise<readonly Entry[]> {
  const own = await listTree(git, [
    `${about.folder}/action.yml`,
    `${about.folder}/dist`,
    ...documents.map((name) => `${about.folder}/${name}`),
  ]);
  const entries = [
    ...own.map((entry) => ({ ...entry, path: entry.path.slice(about.folder.length + 1) })),
    ...(await listTree(git, ['LICENSE'])),
  ];
  const context = { ...about, files: entries.map(({ path }) => path) };
  return Promise.all(
    entries.map(async (entry) => {
      if (!documents.includes(entry.path)) return entry;
      const text = rewriteDocument(await git.run(['cat-file', 'blob', entry.object]), context);
      return { ...entry, object: await git.run(['hash-object', '-w', '--stdin'], { input: `${text}\n` }) };
    }),
  );
}

async function listTree(git: Git, paths: readonly string[]): Promise<readonly Entry[]> {
  const output = await git.run(['ls-tree', '-r', '-z', '--full-tree', 'HEAD', '--', ...paths]);
  return output
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [about = '', path = ''] = line.split('\t');
      const [mode = '', , object = ''] = about.split(' ');
      return { mode, object, path };
    });
}

function checkEntryPoints(root: string, folder: string, entries: readonly Entry[]): void {
  const { runs } = readMetadata(join(root, folder, 'action.yml'));
  const paths = entries.map(({ path }) => path);
  const started = ['main', 'pre', 'post'].flatMap((key) => (typeof runs[key] === 'string' ? [runs[key]] : []));
  const wanted = ['action.yml', 'README.md', 'LICENSE', ...started];
  refuseIfAny(
    wanted.filter((path) => !paths.includes(path)).map((path) => `${folder}: the mirror would have no ${path}.`),
  );
}

/** A tree out of objects, by an index of its own: the clone's index is not touched. */
async function makeTree(git: Git, entries: readonly Entry[]): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'mirror-index-'));
  try {
    const env = { GIT_INDEX_FILE: join(scratch, 'index') };
    const input = entries.map(({ mode, object, path }) => `${mode} ${object}\t${path}\0`).join('');
    await git.run(['update-index', '-z', '--index-info'], { input, env });
    return await git.run(['write-tree'], { env });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function listRemote(git: Git, url: string): Promise<ReadonlyMap<string, string>> {
  const lines = await git.lines(['ls-remote', url]);
  return new Map(lines.map((line) => [line.slice(41), line.slice(0, 40)]));
}
