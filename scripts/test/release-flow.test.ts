import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Git } from '../release/git.ts';
import type { RunGh } from '../release/github.ts';
import { buildFromLockfile } from '../release/locked-packages.ts';
import { planReleases, pushTags } from '../release/publish.ts';
import { openRehearsal } from '../release/rehearsal.ts';
import { fetchReleased, readUnits } from '../release/repository.ts';
import { runArchives, runPublish, runVersion } from '../release/run.ts';
import * as fixture from './release-fixture.ts';
import { changeset, commit, publish, read, rebuild, release, tagsOf, write, type Project } from './release-fixture.ts';

const one = '@deploy-actions/action-one';
const two = '@deploy-actions/action-two';
const kit = '@deploy-actions/kit';

/** Two actions whose first release, 1.0.0, is out. Each test works on a copy. */
let released: Project;
let project: Project;
const places: string[] = [];

beforeAll(async () => {
  released = await fixture.createProject();
  places.push(dirname(released.folder));
  await release(released);
}, 60_000);

beforeEach(async () => {
  project = await fixture.copyProject(released);
  places.push(dirname(project.folder));
});

afterAll(() => {
  for (const place of places) rmSync(place, { recursive: true, force: true });
});

describe('the first release', () => {
  test('tags every action and the set, with moving tags that stand on the same commit', async () => {
    const tags = await tagsOf(project.remote);
    expect(Object.keys(tags).sort()).toEqual([
      ...['action-one/v1', 'action-one/v1.0', 'action-one/v1.0.0'],
      ...['action-two/v1', 'action-two/v1.0', 'action-two/v1.0.0'],
      ...['v1', 'v1.0.0'],
    ]);
    expect(new Set(Object.values(tags))).toEqual(new Set([await project.git.run(['rev-parse', 'HEAD'])]));
    expect(await project.remote.run(['cat-file', '-p', 'refs/tags/action-one/v1.0.0'])).toMatch(
      /^type commit$[\s\S]*First release\.[\s\S]*- Written by hand before\.$/m,
    );
  });

  test('gives each action a changelog of its own, hand-written notes included, and the set a table of what belongs together', () => {
    expect(read(project, 'action-one/CHANGELOG.md')).toMatch(
      /^# Changelog\n\nNewest first\.\n\n## 1\.0\.0\n\n### Major Changes\n\n- \w{7}: First release\.\n\n### Notes\n\n- Written by hand before\.\n$/,
    );
    expect(read(project, 'CHANGELOG.md')).toMatch(
      /## 1\.0\.0\n\n- First release\.\n\n[\s\S]*action-two[^\n]*\| 1\.0\.0 +\| in this release/,
    );
    expect(JSON.parse(read(project, 'package-lock.json'))).toMatchObject({
      version: '1.0.0',
      packages: { '': { version: '1.0.0' }, 'action-one': { version: '1.0.0' } },
    });
  });

  test('is complete: run again it changes nothing', async () => {
    const before = await tagsOf(project.remote);
    await publish(project);
    expect(await tagsOf(project.remote)).toEqual(before);
    expect(project.log).toContain('present  acme/action-one@as before');
  });
});

test('between the merge of the versions and their release nothing is missing: the rehearsal of release.yml goes through', async () => {
  write(project, 'action-one/src/index.ts', `${read(project, 'action-one/src/index.ts')}// 2\n`);
  write(project, '.changeset/next.md', changeset({ [one]: 'minor' }, 'Next.'));
  await rebuild(project);
  await commit(project, 'Next');
  await runVersion(project.doors);
  await commit(project, 'Versions');
  expect(await runVersion(project.doors)).toEqual([]);
  await publish(project);
  expect(Object.keys(await tagsOf(project.remote))).toContain('action-one/v1.1.0');
});

describe('a change to the kit', () => {
  test('releases the actions whose bundle it changed, and only those', async () => {
    const before = await tagsOf(project.remote);
    write(project, 'kit/src/ssh.ts', "export const ssh = 'ssh 2';\n");
    write(project, '.changeset/ssh.md', changeset({ [kit]: 'minor' }, 'SSH learns a trick.'));
    await rebuild(project);
    await commit(project, 'SSH');
    await release(project);
    const after = await tagsOf(project.remote);
    const head = await project.git.run(['rev-parse', 'HEAD']);
    const moved = Object.keys(after).filter((tag) => after[tag] !== before[tag]);
    expect(moved.sort()).toEqual(['action-one/v1', 'action-one/v1.1', 'action-one/v1.1.0', 'v1', 'v1.1.0']);
    expect(moved.map((tag) => after[tag])).toEqual(moved.map(() => head));
    expect(Object.keys(before).filter((tag) => !(tag in after))).toEqual([]);
    expect(read(project, 'action-one/CHANGELOG.md')).toContain('SSH learns a trick.');
    expect(read(project, 'action-two/package.json')).toBe(read(released, 'action-two/package.json'));
    expect(JSON.parse(read(project, 'kit/package.json'))).toMatchObject({ version: '0.1.0' });
    expect(read(project, 'CHANGELOG.md')).toMatch(/action-two[^\n]*\| 1\.0\.0 +\| as before/);
  });

  test('that reaches every bundle releases all of them', async () => {
    write(project, 'kit/src/core.ts', "export const core = 'core 2';\n");
    write(project, '.changeset/core.md', changeset({ [kit]: 'patch' }, 'A bug less.'));
    await rebuild(project);
    await commit(project, 'Core');
    expect((await runVersion(project.doors)).map(({ folder, to }) => [folder, to])).toEqual([
      ['action-one', '1.0.1'],
      ['action-two', '1.0.1'],
      ['.', '1.0.1'],
    ]);
  });
});

test('a fix of an older line is released from a branch of its own and moves nobody back', async () => {
  const change = async (name: string, bump: string): Promise<void> => {
    write(project, 'action-one/src/index.ts', `${read(project, 'action-one/src/index.ts')}// ${name}\n`);
    write(project, `.changeset/${name}.md`, changeset({ [one]: bump }, name));
    await rebuild(project);
  };
  const old = await project.git.run(['rev-parse', 'HEAD']);
  await change('new', 'minor');
  await commit(project, 'New');
  await release(project);
  const before = await tagsOf(project.remote);
  await project.git.run(['checkout', '--quiet', '-b', 'line-1.0', old]);
  await change('fix', 'patch');
  const push = async (): Promise<void> => {
    await project.git.run(['add', '--all']);
    await project.git.run(['commit', '--quiet', '--message', 'Fix']);
    await project.git.run(['push', '--quiet', 'origin', 'line-1.0']);
  };
  await push();
  await runVersion(project.doors);
  await push();
  await runPublish(project.doors, { branch: 'line-1.0', mirrors: project.mirrors, gh: undefined });
  const after = await tagsOf(project.remote);
  const moved = Object.keys(after).filter((tag) => after[tag] !== before[tag]);
  expect(moved.sort()).toEqual(['action-one/v1.0', 'action-one/v1.0.1', 'v1.0.1']);
  const mirror = new Git(join(project.mirrors, 'action-one.git'));
  expect(await mirror.lines(['log', '--format=%s', 'main'])).toEqual(['action-one v1.1.0', 'action-one v1.0.0']);
  expect(await mirror.run(['rev-parse', 'v1'])).toBe(await mirror.run(['rev-parse', 'main']));
});

describe('nothing is released, and nothing pushed,', () => {
  const refused = async (attempt: () => Promise<unknown>, message: RegExp): Promise<void> => {
    const before = await tagsOf(project.remote);
    await expect(attempt()).rejects.toThrow(message);
    expect(await tagsOf(project.remote)).toEqual(before);
  };

  test('when a dist differs from a rebuild of its source', async () => {
    write(project, 'action-one/dist/index.js', `${read(project, 'action-one/dist/index.js')}// more\n`);
    write(project, '.changeset/more.md', changeset({ [one]: 'patch' }, 'More.'));
    await commit(project, 'A bundle by hand');
    await refused(
      () => release(project),
      /action-one\/dist\/index\.js \(differs\): not what the sources of this commit give/,
    );
  });

  test('when a package is installed that the lockfile does not name', async () => {
    write(project, '.gitignore', 'node_modules/\n');
    await commit(project, 'Ignored');
    const installed = (version: string): string =>
      JSON.stringify({ packages: { 'node_modules/foreign': { version, integrity: 'sha512-x' }, kit: { link: true } } });
    write(project, 'node_modules/.package-lock.json', installed('2.0.0'));
    const doors = { ...project.doors, build: buildFromLockfile(fixture.buildByHand) };
    await refused(
      () => runPublish(doors, { branch: 'main', mirrors: project.mirrors, gh: undefined }),
      /node_modules\/foreign is 2\.0\.0, and the lockfile does not name it\. Run npm ci\./,
    );
    rmSync(join(project.folder, 'node_modules'), { recursive: true });
    await refused(
      () => runPublish(doors, { branch: 'main', mirrors: project.mirrors, gh: undefined }),
      /Nothing is installed here/,
    );
  });

  test('when a bundle changed and no changeset says why', async () => {
    write(project, 'kit/src/core.ts', "export const core = 'core 2';\n");
    await rebuild(project);
    write(project, '.changeset/two.md', changeset({ [two]: 'patch' }, 'Two only?'));
    await commit(project, 'Core');
    await refused(
      () => runVersion(project.doors),
      /^action-one: its bundle or action\.yml is not that of its last release/,
    );
    await project.git.run(['rm', '--quiet', '.changeset/two.md']);
    await commit(project, 'In silence');
    await refused(() => publish(project), /action-two is not what action-two\/v1\.0\.0 is, and has no new version/);
  });

  test('when a changeset names an action that did not change; the tree stays as it was', async () => {
    write(project, '.changeset/two.md', changeset({ [two]: 'patch' }, 'Nothing.'));
    await commit(project, 'Nothing');
    await refused(
      () => runVersion(project.doors),
      /two\.md names action-two, whose bundle and action\.yml are those of its last release/,
    );
    expect(await project.git.run(['status', '--porcelain'])).toBe('');
  });

  test('while changesets wait, from another branch, or with uncommitted files', async () => {
    write(project, 'action-one/src/index.ts', `${read(project, 'action-one/src/index.ts')}// 2\n`);
    await rebuild(project);
    await refused(() => publish(project), /Not committed: action-one\/dist\/index\.js/);
    write(project, '.changeset/next.md', changeset({ [one]: 'patch' }, 'Next.'));
    await project.git.run(['add', '--all']);
    await project.git.run(['commit', '--quiet', '--message', 'Not pushed']);
    await refused(() => publish(project), /next\.md waits.*\n.*is not on the branch main of the remote/);
  });

  test('when somebody moved a tag meanwhile: all tags or none', async () => {
    write(project, 'action-one/src/index.ts', `${read(project, 'action-one/src/index.ts')}// 2\n`);
    write(project, '.changeset/next.md', changeset({ [one]: 'patch' }, 'Next.'));
    await rebuild(project);
    await commit(project, 'Next');
    await runVersion(project.doors);
    await commit(project, 'Versions');
    const refs = await fetchReleased(project.git, 'origin');
    const options = { branch: 'main', build: fixture.buildByHand };
    const releases = await planReleases(project.git, await readUnits(project.git, refs), refs, options);
    expect(releases.map(({ tags }) => tags.immutable)).toEqual(['action-one/v1.0.1', 'v1.0.1']);
    await project.remote.run(['tag', '--force', 'v1', 'HEAD~1']);
    await refused(() => pushTags(project.git, 'origin', refs, releases), /git push/);
  });
});

describe('a mirror', () => {
  const mirrorOf = ({ mirrors }: Project, action: string): Git => new Git(join(mirrors, `${action}.git`));

  test('holds the action in its root, its licence and its documents; no workflow, no sources', async () => {
    const mirror = mirrorOf(project, 'action-one');
    expect(await mirror.lines(['ls-tree', '-r', '--name-only', 'v1'])).toEqual([
      ...['CHANGELOG.md', 'LICENSE', 'README.md', 'action.yml', 'dist/index.js'],
    ]);
    expect(Object.keys(await tagsOf(mirror)).sort()).toEqual(['v1', 'v1.0', 'v1.0.0']);
    expect(await mirror.run(['rev-parse', 'v1:dist'])).toBe(
      await project.git.run(['rev-parse', 'HEAD:action-one/dist']),
    );
  });

  test('has documents that are true there', async () => {
    const readme = await mirrorOf(project, 'action-one').run(['show', 'v1:README.md']);
    expect(readme).toContain('uses: acme/action-one@v1');
    expect(readme).toContain('uses: acme/tools/action-two@v1');
    const base = 'https://github.com/acme/tools';
    expect(readme).toContain(
      `[the guide](${base}/blob/action-one/v1.0.0/docs/guide.md#guide), [the changes](CHANGELOG.md)`,
    );
    expect(readme).toContain(`[the code](${base}/blob/action-one/v1.0.0/action-one/src/index.ts)`);
    expect(readme).toContain(`![it](${base}/raw/action-one/v1.0.0/docs/it.png)`);
  });

  test('grows by one commit for a release, and not for a release of others', async () => {
    write(project, 'action-one/src/index.ts', `${read(project, 'action-one/src/index.ts')}// 2\n`);
    write(project, '.changeset/next.md', changeset({ [one]: 'minor' }, 'Next.'));
    await rebuild(project);
    await commit(project, 'Next');
    await release(project);
    const mirror = mirrorOf(project, 'action-one');
    expect(await mirror.lines(['log', '--format=%s', 'main'])).toEqual(['action-one v1.1.0', 'action-one v1.0.0']);
    const tags = await tagsOf(mirror);
    expect(tags['v1']).toBe(tags['v1.1.0']);
    expect(tags['v1.0']).toBe(tags['v1.0.0']);
    expect(await mirrorOf(project, 'action-two').lines(['log', '--format=%s', 'main'])).toEqual(['action-two v1.0.0']);
  });

  test('is made up for by the next run when it was missed', async () => {
    const mirror = mirrorOf(project, 'action-two');
    for (const ref of ['refs/heads/main', 'refs/tags/v1', 'refs/tags/v1.0', 'refs/tags/v1.0.0']) {
      await mirror.run(['update-ref', '-d', ref]);
    }
    await publish(project);
    expect(Object.keys(await tagsOf(mirror)).sort()).toEqual(['v1', 'v1.0', 'v1.0.0']);
  });

  test('whose release tag has other content is left alone', async () => {
    const mirror = mirrorOf(project, 'action-one');
    const other = await mirror.run(['commit-tree', '4b825dc642cb6eb9a060e54bf8d69288fbee4904'], {
      input: 'other',
      env: { GIT_AUTHOR_NAME: 'x', GIT_AUTHOR_EMAIL: 'x@x', GIT_COMMITTER_NAME: 'x', GIT_COMMITTER_EMAIL: 'x@x' },
    });
    await mirror.run(['tag', '--force', 'v1.0.0', other]);
    const before = await tagsOf(mirror);
    await expect(publish(project)).rejects.toThrow(/v1\.0\.0 is there with other content/);
    expect(await tagsOf(mirror)).toEqual(before);
  });
});

test('GitHub releases stand on the tags that never move, and only the set’s is the latest', async () => {
  const calls: (readonly string[])[] = [];
  const gh: RunGh = async (args) => {
    calls.push(args);
    return { code: args[1] === 'view' && args[2] !== 'action-two/v1.0.0' ? 1 : 0, output: '' };
  };
  await runPublish(project.doors, { branch: 'main', mirrors: undefined, gh });
  const made = calls.filter(([, verb]) => verb === 'create');
  expect(made.map(([, , tag]) => tag)).toEqual(['action-one/v1.0.0', 'v1.0.0']);
  expect(made.map((args) => args.includes('--latest=true'))).toEqual([false, true]);
  expect(made.every((args) => args.includes('--verify-tag') && args.includes('acme/tools'))).toBe(true);
});

test('GitHub releases carry an archive and a bill of materials, each action’s its own and the set’s all of them', async () => {
  const assets = join(dirname(project.folder), 'assets');
  await runArchives(project.doors, assets);
  writeFileSync(join(assets, 'action-one-v1.0.0.cdx.json'), '{}');
  const archive = join(assets, 'action-one-v1.0.0.tar.gz');
  const before = readFileSync(archive);
  await runArchives(project.doors, assets);
  expect(readFileSync(archive).equals(before)).toBe(true);
  const held = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' });
  expect(held).toContain('action-one-v1.0.0/action-one/dist/index.js');
  expect(held).not.toContain('/src/');

  const attached: Record<string, readonly string[]> = {};
  const gh: RunGh = async ([, verb, tag = '', ...args]) => {
    if (verb === 'create') attached[tag] = args.slice(0, args.indexOf('--repo')).map((file) => basename(file));
    return { code: verb === 'view' ? 1 : 0, output: '' };
  };
  await runPublish(project.doors, { branch: 'main', mirrors: undefined, gh, assets });
  const ofOne = ['action-one-v1.0.0.cdx.json', 'action-one-v1.0.0.tar.gz'];
  expect(attached).toEqual({
    'action-one/v1.0.0': ofOne,
    'action-two/v1.0.0': ['action-two-v1.0.0.tar.gz'],
    'v1.0.0': [...ofOne, 'action-two-v1.0.0.tar.gz'],
  });
});

test('a rehearsal happens for real, elsewhere, and leaves nothing', async () => {
  write(project, 'kit/src/ssh.ts', "export const ssh = 'ssh 2';\n");
  write(project, '.changeset/ssh.md', changeset({ [kit]: 'minor' }, 'SSH learns a trick.'));
  await rebuild(project);
  await commit(project, 'SSH');
  const state = async (): Promise<unknown> => [
    await tagsOf(project.remote),
    await project.git.run(['status', '--porcelain']),
    await project.git.run(['rev-parse', 'HEAD']),
  ];
  // Installed for one workspace only, as npm does where two versions are needed.
  write(project, '.gitignore', 'node_modules/\n.cache/\n');
  await commit(project, 'Ignored');
  write(project, 'action-one/node_modules/own/package.json', '{}');
  const before = await state();
  let folder: string;
  {
    using place = await openRehearsal(project.git, 'origin', ['action-one', 'action-two']);
    folder = place.git.folder;
    expect(existsSync(join(folder, 'action-one/node_modules/own/package.json'))).toBe(true);
    const rehearsed: Project = {
      ...project,
      git: place.git,
      mirrors: place.mirrors,
      doors: { ...project.doors, git: place.git, remote: place.remote },
    };
    await runVersion(rehearsed.doors);
    await place.git.run(['add', '--all']);
    await place.git.run(['commit', '--quiet', '--message', 'Versions']);
    await place.git.run(['push', '--quiet', place.remote, 'HEAD:refs/heads/main']);
    await publish(rehearsed);
    const tags = await tagsOf(new Git(place.remote));
    expect(tags['action-one/v1']).toBe(tags['action-one/v1.1.0']);
    expect(tags['action-two/v1']).toBe(tags['action-two/v1.0.0']);
  }
  expect(existsSync(folder)).toBe(false);
  expect(await state()).toEqual(before);
});
