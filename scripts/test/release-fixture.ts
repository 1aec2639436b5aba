import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listBundle } from '../bundle.ts';
import { Git } from '../release/git.ts';
import type { Build } from '../release/publish.ts';
import { runPublish, runVersion, type ReleaseDoors } from '../release/run.ts';
import { root } from '../workspace.ts';

/** A small repository of our shape with two actions, its bare remote, and bare repositories for mirrors. */
export interface Project {
  readonly folder: string;
  readonly git: Git;
  readonly remote: Git;
  readonly mirrors: string;
  readonly doors: ReleaseDoors;
  readonly log: string[];
}

/** Stands for ncc: the action's source with the kit's files that it imports, and nothing else. */
export const buildByHand: Build = async (folder, dist) => {
  const source = readFileSync(join(folder, 'src/index.ts'), 'utf8');
  const inlined = [...source.matchAll(/'@deploy-actions\/kit\/(\w+)'/g)].map(([, name = '']) =>
    readFileSync(join(folder, `../kit/src/${name}.ts`), 'utf8'),
  );
  mkdirSync(dist, { recursive: true });
  writeFileSync(join(dist, 'index.js'), [...inlined, source].join(''));
  return listBundle(dist);
};

/** The first commit: version 0.1.0 everywhere, a changeset that makes it 1.0.0, nothing released. */
export async function createProject(): Promise<Project> {
  const place = mkdtempSync(join(tmpdir(), 'release-'));
  const bare = ['remote.git', 'mirrors/action-one.git', 'mirrors/action-two.git'].map((path) => join(place, path));
  for (const path of [join(place, 'clone'), ...bare]) mkdirSync(path, { recursive: true });
  for (const path of bare) await new Git(path).run(['init', '--quiet', '--bare', '--initial-branch=main']);
  const project = openProject(place);
  await project.git.run(['init', '--quiet', '--initial-branch=main']);
  for (const [key, value] of Object.entries({
    'user.name': 'test',
    'user.email': 'test@localhost',
    'commit.gpgsign': 'false',
  })) {
    await project.git.run(['config', key, value]);
  }
  await project.git.run(['remote', 'add', 'origin', join(place, 'remote.git')]);
  for (const [path, text] of Object.entries(files)) write(project, path, text);
  cpSync(join(root, '.changeset/config.json'), join(project.folder, '.changeset/config.json'));
  await rebuild(project);
  await commit(project, 'The first');
  return project;
}

/** The same project in another place: what happens there leaves the original alone. */
export async function copyProject(original: Project): Promise<Project> {
  const place = mkdtempSync(join(tmpdir(), 'release-'));
  cpSync(dirname(original.folder), place, { recursive: true });
  const project = openProject(place);
  await project.git.run(['remote', 'set-url', 'origin', join(place, 'remote.git')]);
  return project;
}

function openProject(place: string): Project {
  const git = new Git(join(place, 'clone'));
  const log: string[] = [];
  const doors = { git, remote: 'origin', build: buildByHand, log: (line: string) => void log.push(line) };
  const remote = new Git(join(place, 'remote.git'));
  return { folder: git.folder, git, remote, mirrors: join(place, 'mirrors'), doors, log };
}

/** Writes a file of the project. */
export function write({ folder }: Project, path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

/** Reads a file of the project. */
export function read({ folder }: Project, path: string): string {
  return readFileSync(join(folder, path), 'utf8');
}

/** `npm run build`. */
export async function rebuild({ folder }: Project): Promise<void> {
  for (const action of ['action-one', 'action-two'])
    await buildByHand(join(folder, action), join(folder, action, 'dist'));
}

/** Commits everything and brings it to the remote's main. */
export async function commit({ git }: Project, message: string): Promise<void> {
  await git.run(['add', '--all']);
  await git.run(['commit', '--quiet', '--message', message]);
  await git.run(['push', '--quiet', 'origin', 'HEAD:refs/heads/main']);
}

/** A release as people make it: versions, a commit on main, tags and mirrors. */
export async function release(project: Project): Promise<void> {
  await runVersion(project.doors);
  await commit(project, 'Versions');
  await publish(project);
}

/** The second step alone. */
export async function publish({ doors, mirrors }: Project): Promise<void> {
  await runPublish(doors, { branch: 'main', mirrors, gh: undefined });
}

/** What the tags of a repository stand on, peeled to commits. */
export async function tagsOf(git: Git): Promise<Readonly<Record<string, string>>> {
  const lines = await git.lines([
    'for-each-ref',
    '--format=%(refname:strip=2) %(objectname) %(*objectname)',
    'refs/tags',
  ]);
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', object = '', peeled = ''] = line.split(' ');
      return [name, peeled === '' ? object : peeled];
    }),
  );
}

/** A changeset's text. */
export function changeset(releases: Readonly<Record<string, string>>, summary: string): string {
  return `---\n${Object.entries(releases)
    .map(([name, bump]) => `'${name}': ${bump}\n`)
    .join('')}---\n\n${summary}\n`;
}

const manifest = (name: string): string =>
  JSON.stringify(
    { name, version: '0.1.0', private: true, dependencies: { '@deploy-actions/kit': '0.1.0' } },
    undefined,
    2,
  );
const metadata = (name: string): string => `name: ${name}\nruns:\n  using: node24\n  main: dist/index.js\n`;

const files: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify(
    {
      name: 'deploy-actions',
      version: '0.1.0',
      private: true,
      repository: 'github:acme/tools',
      workspaces: ['kit', 'action-*'],
    },
    undefined,
    2,
  ),
  'package-lock.json': JSON.stringify(
    {
      name: 'deploy-actions',
      version: '0.1.0',
      lockfileVersion: 3,
      packages: { '': { version: '0.1.0' }, 'action-one': { version: '0.1.0' }, 'action-two': { version: '0.1.0' } },
    },
    undefined,
    2,
  ),
  LICENSE: 'MIT\n',
  'action.yml': 'name: set\nruns:\n  using: composite\n',
  'docs/guide.md': '# Guide\n',
  '.github/workflows/ci.yml': 'on: push\n',
  'kit/package.json': JSON.stringify({ name: '@deploy-actions/kit', version: '0.1.0', private: true }),
  'kit/src/core.ts': "export const core = 'core 1';\n",
  'kit/src/ssh.ts': "export const ssh = 'ssh 1';\n",
  'action-one/package.json': manifest('@deploy-actions/action-one'),
  'action-one/action.yml': metadata('one'),
  'action-one/README.md': [
    '# One',
    '',
    '```yaml',
    '- uses: acme/tools/action-one@v1',
    '- uses: acme/tools/action-two@v1',
    '```',
    '',
    'See [the guide](../docs/guide.md#guide), [the changes](CHANGELOG.md), [the code](src/index.ts) and ![it](../docs/it.png).',
    '',
  ].join('\n'),
  'action-one/CHANGELOG.md': '# Changelog\n\nNewest first.\n\n## Unreleased\n\n- Written by hand before.\n',
  'action-one/src/index.ts':
    "import { core } from '@deploy-actions/kit/core';\nimport { ssh } from '@deploy-actions/kit/ssh';\nconsole.log('one', core, ssh);\n",
  'action-two/package.json': manifest('@deploy-actions/action-two'),
  'action-two/action.yml': metadata('two'),
  'action-two/README.md': '# Two\n',
  'action-two/src/index.ts': "import { core } from '@deploy-actions/kit/core';\nconsole.log('two', core);\n",
  '.changeset/first.md': changeset(
    { '@deploy-actions/action-one': 'major', '@deploy-actions/action-two': 'major', 'deploy-actions': 'major' },
    'First release.',
  ),
};
