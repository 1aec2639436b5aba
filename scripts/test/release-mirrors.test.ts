import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { record } from '../metadata.ts';
import { Git } from '../release/git.ts';
import { nameTokenOf, signIn } from '../release/mirror-access.ts';
import { runMirrors, runPublish, runVersion } from '../release/run.ts';
import { listActions, root } from '../workspace.ts';
import { serveGit, type GitServer } from './git-server.ts';
import { changeset, commit, createProject, rebuild, tagsOf, write, type Project } from './release-fixture.ts';

const tokens = { MIRROR_TOKEN_ONE: 'token-of-one', MIRROR_TOKEN_TWO: 'token-of-two' };
let project: Project;
let server: GitServer;

/** 1.0.0 of both actions is tagged, and no mirror was written. */
beforeAll(async () => {
  project = await createProject();
  await runVersion(project.doors);
  await commit(project, 'Versions');
  await runPublish(project.doors, { branch: 'main', mirrors: undefined, gh: undefined });
}, 120_000);
beforeEach(async () => {
  server = await serveGit(project.mirrors, {
    'action-one.git': tokens.MIRROR_TOKEN_ONE,
    'action-two.git': tokens.MIRROR_TOKEN_TWO,
  });
  project.log.splice(0);
});
afterEach(() => server[Symbol.asyncDispose]());
afterAll(() => rmSync(dirname(project.folder), { recursive: true, force: true }));

const mirrors = (env: NodeJS.ProcessEnv): Promise<void> =>
  runMirrors(project.doors, { branch: 'main', mirrors: server.url }, env);
const tagsOfMirror = async (action: string): Promise<readonly string[]> =>
  Object.keys(await tagsOf(new Git(join(project.mirrors, `${action}.git`)))).sort();

describe('mirrors by a token for each', { timeout: 120_000 }, () => {
  test('are all left out where no token is kept, and nothing fails', async () => {
    await mirrors({ MIRROR_TOKEN_ONE: '' });
    expect(project.log).toEqual([
      'left out action-one: no MIRROR_TOKEN_ONE',
      'left out action-two: no MIRROR_TOKEN_TWO',
    ]);
    expect(await tagsOfMirror('action-one')).toEqual([]);
  });

  test('refuse the token of another one, which no message shows', async () => {
    const attempt = mirrors({ MIRROR_TOKEN_ONE: tokens.MIRROR_TOKEN_TWO });
    await expect(attempt).rejects.toThrow(/git ls-remote/);
    const told = await attempt.catch(String);
    expect(told).not.toContain(tokens.MIRROR_TOKEN_TWO);
    expect(told).not.toContain(Buffer.from(`x-access-token:${tokens.MIRROR_TOKEN_TWO}`).toString('base64'));
    expect(await tagsOfMirror('action-one')).toEqual([]);
  });

  test('are written where their own is, and found complete by the next run', async () => {
    await mirrors({ MIRROR_TOKEN_ONE: tokens.MIRROR_TOKEN_ONE });
    expect(project.log).toContain('mirrored acme/action-one@v1.0.0, @v1, @v1.0');
    expect(await tagsOfMirror('action-one')).toEqual(['v1', 'v1.0', 'v1.0.0']);
    expect(await tagsOfMirror('action-two')).toEqual([]);
    await mirrors(tokens);
    expect(project.log).toContain('present  acme/action-one@as before');
    expect(await tagsOfMirror('action-two')).toEqual(['v1', 'v1.0', 'v1.0.0']);
  });

  test('wait for the tag', async () => {
    write(project, 'action-one/src/index.ts', "console.log('one, again');\n");
    write(project, '.changeset/next.md', changeset({ '@deploy-actions/action-one': 'minor' }, 'Next.'));
    await rebuild(project);
    await commit(project, 'Next');
    await runVersion(project.doors);
    await commit(project, 'Versions');
    await expect(mirrors(tokens)).rejects.toThrow(/^action-one\/v1\.1\.0 is not there: publish first\.$/m);
  });
});

test('a token goes over TLS only, and only to the server it is for', () => {
  expect(() => signIn('http://github.example/acme', 'secret')).toThrow('https:// only');
  expect(signIn('https://github.com/acme', 'secret')).toMatchObject({
    GIT_CONFIG_KEY_0: 'http.https://github.com/.extraHeader',
  });
});

describe('the job that writes the mirrors', () => {
  const workflow = record(parse(readFileSync(join(root, '.github/workflows/release.yml'), 'utf8')));
  const job = record(record(workflow['jobs'])['mirrors']);
  const steps = Array.isArray(job['steps']) ? job['steps'].map(record) : [];

  test('may read this repository and nothing else, and comes after the tags', () => {
    expect(job['permissions']).toEqual({ contents: 'read' });
    expect(job['needs']).toBe('publish');
    expect(job['environment']).toBe('mirrors');
  });

  test('has a secret for every action, and hands them to one step', () => {
    const holders = steps.filter((step) => JSON.stringify(step).includes('secrets.'));
    expect(holders).toHaveLength(1);
    const env = Object.entries(record(holders[0]?.['env'])).filter(([name]) => name.startsWith('MIRROR_TOKEN_'));
    const names = listActions().map(nameTokenOf);
    expect(env).toEqual(names.map((name) => [name, `\${{ secrets.${name} }}`]));
  });
});
