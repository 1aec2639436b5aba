import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { StepContext } from '@deploy-actions/kit/action/run';
import { localHost } from '@deploy-actions/kit/host/local-host';
import { parseDeployPath } from '@deploy-actions/kit/state/deploy-path';
import { activateStagedTree, findStagedTree, finishActivationParts } from '@deploy-actions/kit/state/staged-tree';
import { fakeRunner, type FakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../src/main.ts';
import { makeFolder, readTree, writeFiles, type Files } from './source-fixture.ts';

let workspace: string;
let server: string;
beforeEach(() => {
  workspace = makeFolder({ 'compose.yaml': 'v1', 'conf/x': '1' });
  server = join(makeFolder(), 'app');
  mkdirSync(server);
});
afterEach(() => {
  rmSync(workspace, { recursive: true });
  rmSync(server, { recursive: true });
});

const defaults = { source: '.', delete: 'managed', activate: 'on-release', 'dry-run': 'false', 'lock-wait': '0' };

/** The whole step against a folder of this machine; one job, so the lease is renewed from step to step. */
async function sync(inputs: Readonly<Record<string, string>> = {}): Promise<FakeRunner> {
  const runner = fakeRunner(
    { ...defaults, host: 'local', 'deploy-path': server, ...inputs },
    { GITHUB_WORKSPACE: workspace, GITHUB_RUN_ID: '1', GITHUB_SHA: 'a'.repeat(40), GITHUB_REPOSITORY: 'o/r' },
  );
  const context: StepContext = { runner, signal: new AbortController().signal };
  await run(context);
  return runner;
}

const last = (runner: FakeRunner): string => runner.lines.at(-1) ?? '';
const staged = (): readonly string[] => readdirSync(join(server, '.deploy/staged'));
const read = (path: string): string => readFileSync(join(server, path), 'utf8');

/** A `mv` for PATH whose first call with these words (glob of sh) notes its number, and never does its work. */
function holdAt(words: string): { readonly bin: string; readonly held: string } {
  const bin = makeFolder();
  const held = join(bin, 'held');
  const script = `#!/bin/sh\ncase "$*" in ${words}) echo $$ > '${held}.new'; /bin/mv '${held}.new' '${held}'; exec sleep 3600 ;; esac\nexec /bin/mv "$@"\n`;
  writeFileSync(join(bin, 'mv'), script, { mode: 0o755 });
  return { bin, held };
}

const patience = { timeout: 120_000, interval: 50 };

/** What a rollout wrote before it died. */
function journal(...lines: readonly object[]): void {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFiles(server, { '.deploy/journal/20261121T030405000Z-000001.jsonl': text });
}

describe('a sync', { timeout: 300_000 }, () => {
  it('stages, is repeated without sending anything, and goes live with `now`', async () => {
    const first = await sync();
    expect(last(first)).toMatch(/Staged as \S+ \(2 added.*action-rolling-deploy makes it live/);
    expect(existsSync(join(server, 'compose.yaml'))).toBe(false);
    const second = await sync();
    expect(second.outputs.get('release-id')).toBe(first.outputs.get('release-id'));
    expect(second.outputs.get('bytes-sent')).toBe('0');
    const third = await sync({ activate: 'now' });
    expect(last(third)).toMatch(/^info: Live: /);
    expect(read('compose.yaml')).toBe('v1');
    expect(staged()).toEqual([]);
    expect((await sync()).outputs.get('changed-files')).toBe('');
  });

  it('never touches what is protected, also when an earlier sync put it there', async () => {
    writeFiles(workspace, { 'data/seed': 'ours' });
    await sync({ activate: 'now' });
    rmSync(join(workspace, 'data'), { recursive: true });
    const runner = await sync({ activate: 'now', protect: 'data/' });
    expect(runner.outputs.get('deleted-files')).toBe('');
    expect(read('data/seed')).toBe('ours');
  });

  it('keeps the set that was live before, with its env file, until the next one is live or a release has archives', async () => {
    const archive = join(server, '.deploy/files/previous.tar');
    const kept = (): Files => {
      const folder = makeFolder();
      execFileSync('tar', ['-xf', archive, '-C', folder]);
      return readTree(folder);
    };
    writeFiles(server, { 'compose.yaml': 'by hand', 'data/rows': 'theirs' });
    await sync({ activate: 'now', 'env-file-content': 'A=1' });
    // Before the first sync: what it replaces, and nothing else.
    expect(kept()).toEqual({ 'tree/compose.yaml': 'by hand' });
    const first = read('.deploy/manifest.json');
    rmSync(join(workspace, 'conf'), { recursive: true });
    writeFiles(workspace, { 'compose.yaml': 'v2', "it's new": '-> compose.yaml' });
    await sync({ activate: 'now', 'env-file-content': 'A=2' });
    const before = { 'tree/compose.yaml': 'v1', 'tree/conf/x': '1', 'env/path': './.env\n', 'env/file': 'A=1\n' };
    expect(kept()).toEqual({ ...before, 'manifest.json': first });
    expect(statSync(archive).mode & 0o777).toBe(0o600);
    // One that only stages, one that changes nothing, and one that fails leave it.
    writeFiles(workspace, { 'compose.yaml': 'v3', data: 'a file where the server has a folder' });
    await expect(sync({ activate: 'now' })).rejects.toMatchObject({ code: 'PATH_BLOCKED' });
    rmSync(join(workspace, 'data'));
    await sync();
    expect(kept()).toMatchObject(before);
    await sync({ activate: 'now' });
    expect(kept()).toMatchObject({ 'tree/compose.yaml': 'v2', "tree/it's new": '-> compose.yaml' });
    // As the README says.
    execFileSync('tar', ['-xf', archive, '-C', server, '--strip-components=1', 'tree']);
    expect([read('compose.yaml'), existsSync(join(server, 'tree'))]).toEqual(['v2', false]);
    expect((await sync({ activate: 'now' })).outputs.get('changed-files')).toBe('compose.yaml');
    for (const part of finishActivationParts(localHost(), parseDeployPath(server), 1, 5))
      await localHost().script(part.source, part.args ?? []);
    expect(readdirSync(join(server, '.deploy/files'))).toEqual(['1.tar']);
  });

  it('goes live also where the set before cannot be kept, and says so', async () => {
    await sync({ activate: 'now' });
    rmSync(join(server, '.deploy/files'), { recursive: true });
    mkdirSync(join(server, '.deploy/files/.previous.tar/in the way'), { recursive: true });
    const tar = makeFolder();
    writeFileSync(join(tar, 'tar'), '#!/bin/sh\ncase $1 in -c*) exit 2 ;; esac\nexec /bin/tar "$@"\n', { mode: 0o755 });
    writeFiles(workspace, { 'compose.yaml': 'v2' });
    const path = process.env['PATH'];
    process.env['PATH'] = `${tar}:${path ?? ''}`;
    const runner = await sync({ activate: 'now' }).finally(() => {
      process.env['PATH'] = path;
    });
    expect(runner.lines.join('\n')).toContain('The files as they were are not kept');
    expect([read('compose.yaml'), readdirSync(join(server, '.deploy/files'))]).toEqual(['v2', []]);
  });

  it('sends nothing of a file whose mode alone changed, and gives it the new one', async () => {
    const [modes, big] = [(path: string): number => statSync(join(server, path)).mode & 0o777, 'x'.repeat(3_000_000)];
    writeFiles(workspace, { 'bin/tool': big, 'bin/other': 'y' });
    await sync({ activate: 'now' });
    chmodSync(join(workspace, 'bin/tool'), 0o755);
    const now = await sync({ activate: 'now' });
    expect(Object.fromEntries(now.outputs)).toMatchObject({ 'changed-files': 'bin/tool', 'bytes-sent': '0' });
    expect([modes('bin/tool'), modes('bin/other'), read('bin/tool') === big]).toEqual([0o755, 0o644, true]);
    // Changed by hand on the server, to one that no set has; and where nothing is known of what is live.
    chmodSync(join(server, 'bin/tool'), 0o600);
    rmSync(join(server, '.deploy/live'), { recursive: true });
    writeFiles(workspace, { 'bin/other': 'z!' });
    const again = await sync({ activate: 'now' });
    expect(Object.fromEntries(again.outputs)).toMatchObject({
      'changed-files': 'bin/other\nbin/tool',
      'bytes-sent': '2',
    });
    expect([modes('bin/tool'), read('bin/other'), read('bin/tool') === big]).toEqual([0o755, 'z!', true]);
    expect(last(await sync({ activate: 'now' }))).toContain('Unchanged');
  });

  it('takes nothing that a link on the server is called for the server’s word', async () => {
    const sum = createHash('sha256').update('v1').digest('hex');
    symlinkSync(`gone\n4 ${sum}  ./compose.yaml\nd ./conf`, join(server, 'compose.yaml'));
    expect((await sync({ activate: 'now' })).outputs.get('changed-files')).toBe('compose.yaml\nconf/x');
    expect(lstatSync(join(server, 'compose.yaml')).isFile()).toBe(true);
    expect(read('compose.yaml')).toBe('v1');
  });

  it('deletes what is gone in the same step in which a new path goes live', async () => {
    await sync({ activate: 'now' });
    rmSync(join(workspace, 'conf'), { recursive: true });
    writeFiles(workspace, { 'new/path': 'n' });
    expect((await sync({ activate: 'now' })).outputs.get('deleted-files')).toBe('conf/x');
    expect([existsSync(join(server, 'conf/x')), read('new/path')]).toEqual([false, 'n']);
  });

  it('never follows a path out of deploy-path that somebody wrote into what it keeps there', async () => {
    await sync({ activate: 'now' });
    const outside = join(dirname(server), 'outside');
    writeFileSync(outside, 'precious');
    const kept = (name: string): string => join(server, '.deploy/live', name);
    appendFileSync(kept('index'), `${'f'.repeat(16)} 0644 ../outside\n`);
    writeFileSync(kept('buckets'), readFileSync(kept('buckets'), 'utf8').replace(/^ff .*$/m, 'ff 0'));
    expect((await sync({ activate: 'now' })).outputs.get('deleted-files')).toBe('');
    expect(readFileSync(outside, 'utf8')).toBe('precious');
  });

  it('leaves on the server what a rule leaves out from now on, and says so of a compose file', async () => {
    writeFiles(workspace, { 'docs/a.md': 'a' });
    await sync({ activate: 'now' });
    const rules = { exclude: '*.md\ncompose.yaml', activate: 'now' };
    const runner = await sync(rules);
    expect(runner.outputs.get('deleted-files')).toBe('');
    expect(runner.lines.join('\n')).toMatch(/compose\.yaml of the source is left out, by `exclude`.*keeps its own/);
    expect((await sync({ include: 'docs/', activate: 'now' })).outputs.get('deleted-files')).toBe('');
    // Gone from the source is another thing.
    rmSync(join(workspace, 'docs'), { recursive: true });
    expect((await sync({ activate: 'now' })).outputs.get('deleted-files')).toBe('docs/a.md');
    expect(read('compose.yaml')).toBe('v1');
  });

  it('deletes nothing with delete: none', async () => {
    await sync({ activate: 'now' });
    rmSync(join(workspace, 'conf'), { recursive: true });
    await sync({ activate: 'now', delete: 'none' });
    expect(read('conf/x')).toBe('1');
  });

  it('takes an interrupted activation of an earlier sync back, then goes on', async () => {
    await sync({ activate: 'now' });
    writeFiles(workspace, { 'compose.yaml': 'v2' });
    const interrupted = (await sync()).outputs.get('release-id') ?? '';
    await activateStagedTree(localHost(), parseDeployPath(server), interrupted);
    // What the death of a runner between the renames and the settling leaves.
    writeFileSync(join(server, '.deploy/staged', interrupted, 'now'), '');
    writeFiles(workspace, { 'compose.yaml': 'v3' });
    const runner = await sync();
    expect(runner.lines.join('\n')).toContain(`interrupted while it made ${interrupted} live`);
    expect(read('compose.yaml')).toBe('v1');
    expect(staged()).toEqual([runner.outputs.get('release-id')]);
  });

  it('does not hand a set to the rollout that an interrupted rollout began with', async () => {
    const begun = (await sync()).outputs.get('release-id') ?? '';
    await activateStagedTree(localHost(), parseDeployPath(server), begun);
    rmSync(join(server, '.deploy/manifest.json'));
    const runner = await sync();
    expect(runner.outputs.get('release-id')).not.toBe(begun);
    expect((await findStagedTree(localHost(), parseDeployPath(server)))?.releaseId).toBe(
      runner.outputs.get('release-id'),
    );
    expect([...staged()].sort()).toEqual([begun, runner.outputs.get('release-id')].sort());
  });

  it('does not hand on the set of a rollout that died before that went live', async () => {
    const doomed = (await sync()).outputs.get('release-id') ?? '';
    journal({ step: 'begin', data: { staged: doomed } }, { step: 'files-swapped', data: { releaseId: doomed } });
    expect((await sync()).outputs.get('release-id')).not.toBe(doomed);
  });

  it('does not hand out again what a rollout found damaged', async () => {
    await sync({ activate: 'now' });
    writeFiles(workspace, { 'compose.yaml': 'v2' });
    const damaged = (await sync()).outputs.get('release-id') ?? '';
    // What is unchanged is the same file on the disk, here and there.
    writeFileSync(join(server, 'conf/x'), 'edited by hand');
    const activate = (id: string): Promise<unknown> => activateStagedTree(localHost(), parseDeployPath(server), id);
    await expect(activate(damaged)).rejects.toMatchObject({ code: 'STAGED_TREE_CORRUPT' });
    await activate((await sync()).outputs.get('release-id') ?? '');
    expect([read('compose.yaml'), read('conf/x')]).toEqual(['v2', '1']);
  });

  it('puts the files back that a rollout made live before it died, and stages its own', async () => {
    await sync({ activate: 'now' });
    writeFiles(workspace, { 'compose.yaml': 'v2' });
    const doomed = (await sync()).outputs.get('release-id') ?? '';
    await activateStagedTree(localHost(), parseDeployPath(server), doomed);
    journal({ step: 'begin', data: { staged: doomed } }, { step: 'files-swapped', data: { releaseId: doomed } });
    const runner = await sync();
    expect(runner.lines.join('\n')).toContain(`died after it had made ${doomed} live`);
    expect(read('compose.yaml')).toBe('v1');
    expect(runner.outputs.get('changed-files')).toBe('compose.yaml');
    expect(runner.outputs.get('release-id')).not.toBe(doomed);
  });

  it('leaves files alone whose rollout died while it committed', async () => {
    await sync({ activate: 'now' });
    writeFiles(workspace, { 'compose.yaml': 'v2' });
    const kept = (await sync()).outputs.get('release-id') ?? '';
    await activateStagedTree(localHost(), parseDeployPath(server), kept);
    journal({ step: 'files-swapped', data: { releaseId: kept } }, { step: 'pins-staged', data: {} });
    expect((await sync()).outputs.get('release-id')).toBe(kept);
    expect(read('compose.yaml')).toBe('v2');
  });

  it('puts the old files back when it cannot finish', async () => {
    writeFiles(workspace, { 'was/folder/x': '1' });
    await sync({ activate: 'now' });
    // What the server keeps in a folder that must become a file shows only when the folder is removed.
    writeFiles(server, { 'was/folder/theirs': 'precious' });
    rmSync(join(workspace, 'was'), { recursive: true });
    writeFiles(workspace, { was: 'a file now', 'compose.yaml': 'v2' });
    await expect(sync({ activate: 'now' })).rejects.toMatchObject({ code: 'PATH_BLOCKED' });
    expect(read('was/folder/x')).toBe('1');
    expect(read('was/folder/theirs')).toBe('precious');
    expect(read('compose.yaml')).toBe('v1');
    expect((await sync({ 'dry-run': 'true' })).outputs.get('deleted-files')).toBe('was/folder/x');
  });

  it.each(['now', 'on-release'])(
    'stops, with %s, once another holds its lease, and leaves what is there',
    async (activate) => {
      await sync({ activate: 'now' });
      writeFiles(workspace, { 'compose.yaml': 'v2' });
      const hold = holdAt(activate === 'now' ? '*undo/*.new*' : '*/manifest.json.new*');
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      const path = process.env['PATH'];
      try {
        process.env['PATH'] = `${hold.bin}:${path ?? ''}`;
        const failing = sync({ activate });
        const failed = expect(failing).rejects.toMatchObject({
          code: 'LEASE_LOST',
          message: expect.stringContaining('grace') as string,
        });
        await vi.waitFor(() => {
          expect(existsSync(hold.held)).toBe(true);
        }, patience);
        const lease = JSON.parse(read('.deploy/lease.json')) as { owner: object; generation: number };
        const other = {
          ...lease,
          owner: { ...lease.owner, id: 'other', actor: 'grace' },
          generation: lease.generation + 1,
        };
        writeFiles(server, { '.deploy/lease.json': JSON.stringify(other) });
        await vi.advanceTimersByTimeAsync(120_000);
        await failed;
      } finally {
        process.env['PATH'] = path;
        vi.useRealTimers();
      }
      // The command that was held is gone: nothing comes after it.
      const pid = Number(readFileSync(hold.held, 'utf8'));
      await vi.waitFor(() => {
        expect(existsSync(`/proc/${pid}`)).toBe(false);
      }, patience);
      expect(read('compose.yaml')).toBe('v1');
      expect(JSON.parse(read('.deploy/lease.json'))).toMatchObject({ owner: { actor: 'grace' } });
      rmSync(join(server, '.deploy/lease.json'));
      expect(last(await sync({ activate: 'now' }))).toMatch(/^info: Live: /);
      expect(read('compose.yaml')).toBe('v2');
    },
  );

  it('compares only, in a dry run', async () => {
    const runner = await sync({ 'dry-run': 'true' });
    expect(runner.outputs.get('changed-files')).toBe('compose.yaml\nconf/x');
    expect(readdirSync(server)).toEqual([]);
    expect(runner.summaryText()).toContain('Dry run');
  });
});
