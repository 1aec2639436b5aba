import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openLab, type Lab, type RegistryKind } from '../../lab/src/index.ts';
import {
  layOut,
  makeTarget,
  migrate,
  oneOffs,
  putData,
  ran,
  removeTarget,
  resetTarget,
  stateFile,
  type Target,
} from './server.ts';

let lab: Lab;
let workspace: string;
/** Shared: nothing runs there before the first command is let through. */
let target: Target;

beforeAll(async () => {
  lab = await openLab();
  workspace = mkdtempSync(join(tmpdir(), 'migrate-'));
  target = await makeTarget(lab, workspace);
});
afterEach(() => resetTarget(target));
afterAll(async () => {
  await removeTarget(target);
  rmSync(workspace, { recursive: true });
});

/** An image that no other test has the server pull from there. */
function otherPlatform(kind: RegistryKind): string {
  const { repository, digest } = lab.images.appOtherPlatform;
  return lab.reference(kind, repository, digest);
}

/** Writes a word to /data/ran, and says it. */
const mark = (word: string): string => `sh -c 'echo ${word} >> /data/ran; echo said ${word}'`;

async function containers({ project }: Target): Promise<string> {
  const filter = `label=com.docker.compose.project=${project}`;
  return (await lab.server.docker(['ps', '-aq', '--filter', filter])).stdout;
}

describe('before anything is started, it refuses', () => {
  it.each<readonly [string, (target: Target) => Readonly<Record<string, string>>, string, string]>([
    ['a shell operator', () => ({ commands: 'a && b' }), 'INPUT_INVALID', 'input `commands`'],
    ['an unknown service', () => ({ service: 'nope' }), 'SERVICE_UNKNOWN', 'input `service`: "nope"'],
    ['a service that runs another image', () => ({ service: 'db' }), 'IMAGE_MISMATCH', 'service db would run'],
    [
      'a digest that is not in the registry',
      ({ image }) => ({ images: `API_IMAGE=${image.slice(0, -4)}0000` }),
      'IMAGE_PULL_FAILED',
      'docker pull',
    ],
    [
      'a wrong password',
      () => ({ images: `API_IMAGE=${otherPlatform('htpasswd')}`, 'registry-password': 'wrong-password' }),
      'IMAGE_PULL_FAILED',
      'registry refused',
    ],
    [
      'an image for another platform',
      () => ({ images: `API_IMAGE=${otherPlatform('anonymous')}` }),
      'IMAGE_MISMATCH',
      'is for linux/',
    ],
    [
      'to run without its database where it may not start one',
      () => ({ 'start-dependencies': 'false' }),
      'DEPENDENCY_UNAVAILABLE',
      'service db, which migrate depends on, has no container',
    ],
  ])('%s', async (_name, inputs, code, words) => {
    const result = await migrate(target, { commands: mark('one'), ...inputs(target) });
    expect(result.outputs).toMatchObject({ 'error-code': code, status: 'refused' });
    expect(result.commands.errors.join()).toContain(words);
    expect(await containers(target)).toBe('');
  });

  it('what the rollout after it would refuse, unless it shall only be said', async () => {
    const { app } = lab.images;
    const other = await layOut({
      lab,
      workspace,
      image: lab.reference('htpasswd', app.repository, app.v2.digest),
      database: lab.reference('anonymous', app.repository, 'latest'),
      composeFile:
        'services: { web: { image: "${DB_IMAGE}" }, migrate: { image: "${API_IMAGE}", profiles: [tools], volumes: ["./data:/data"] } }',
    });
    try {
      const result = await migrate(other, { commands: mark('one') });
      expect(result.outputs).toMatchObject({ 'error-code': 'MUTABLE_TAG', status: 'refused' });
      expect(await ran(other)).toEqual([]);
      const warned = await migrate(other, { commands: mark('one'), preflight: 'warn' });
      expect(warned.log).toContain('Rollout: would refuse (MUTABLE_TAG)');
      expect(await ran(other)).toEqual(['one']);
    } finally {
      await removeTarget(other);
    }
  });

  it('to run on a database that is not healthy, and shows its log', async () => {
    const sick = await makeTarget(
      lab,
      workspace,
      { NEVER_HEALTHY: '503' },
      '{ interval: 1s, timeout: 60s, retries: 1, start_period: 1ms }',
    );
    try {
      const result = await migrate(sick, { commands: mark('one') });
      expect(result.outputs).toMatchObject({ 'error-code': 'DEPENDENCY_UNAVAILABLE' });
      expect(result.commands.errors.join()).toContain('is unhealthy');
      expect(await ran(sick)).toEqual([]);
    } finally {
      await removeTarget(sick);
    }
  });
});

describe('on a server where nothing runs yet', () => {
  it('starts the database first, runs the commands in order on the new image and leaves nothing behind', async () => {
    const check = `sh -c 'echo "version $GIT_SHA" >> /data/ran'`;
    const result = await migrate(
      target,
      { commands: `${mark('one')}\n${check}`, reversible: 'false' },
      { runId: '901' },
    );
    expect(result.log).toContain('Starting what migrate depends on (db has no container)');
    expect(result.outcome).toBe('success');
    expect(await ran(target)).toEqual(['one', `version ${lab.images.app.v2.sha}`]);
    expect(result.outputs).toMatchObject({
      applied: 'true',
      status: 'applied',
      'commands-run': '2',
      'failed-command': '',
      'exit-code': '0',
      reversible: 'false',
      'backup-path': '',
    });
    expect(result.log).toMatch(/\d+\.\ds \| said one/);
    expect(result.commands.groups.some((title) => title.startsWith('[1/2] sh -c'))).toBe(true);
    expect(result.summary).toContain('Migration: done');
    expect(await oneOffs(target)).toEqual([]);
    expect(JSON.parse((await stateFile(target, 'migration.json')) ?? '')).toMatchObject({
      applied: true,
      reversible: false,
      run: '901',
      image: target.image,
      images: [{ kind: 'env', name: 'API_IMAGE', ref: target.image }],
    });
    expect(await stateFile(target, 'lease.json')).toBeUndefined();
  });
});

describe('on a server where the database runs', () => {
  it("runs the service's own command where none is given", async () => {
    expect((await migrate(target, {})).outcome).toBe('success');
    expect(await ran(target)).toEqual(['own command']);
  });

  it('stops at the first failure, keeps its log, and does not run the next command', async () => {
    const broken = "sh -c 'echo relation missing >&2; exit 3'";
    const result = await migrate(target, { commands: [mark('one'), broken, mark('three')].join('\n') });
    expect(result.outcome).toBe('failure');
    expect(await ran(target)).toEqual(['one']);
    expect(result.outputs).toMatchObject({
      'error-code': 'COMMAND_FAILED',
      applied: 'true',
      status: 'failed',
      'commands-run': '2',
      'failed-command': broken,
      'exit-code': '3',
    });
    expect(result.commands.errors.join()).toContain(
      'Nothing was restarted: the version that served before still serves',
    );
    expect(result.summary).toMatch(/\| relation missing/);
    expect(result.summary).toContain('– not run');
    expect(await oneOffs(target)).toEqual([]);
  });

  it('explains a command that is not in the image', async () => {
    const result = await migrate(target, { commands: 'nope --now' });
    expect(result.outputs).toMatchObject({ 'error-code': 'COMMAND_FAILED', 'exit-code': '127', applied: 'false' });
    expect(result.commands.errors.join()).toContain('exit code 127 (the command was not found in the image)');
    expect(await oneOffs(target)).toEqual([]);
  });

  it('stops a container that runs longer than run-timeout', async () => {
    // It never ends by itself, and ends at once when it is told to.
    const endless = 'sh -c \'trap "exit 0" TERM; while :; do sleep 0.2; done\'';
    const result = await migrate(target, { commands: `${endless}\n${mark('two')}`, 'run-timeout': '2s' });
    expect(result.outputs).toMatchObject({
      'error-code': 'COMMAND_TIMEOUT',
      status: 'timed-out',
      'failed-command': endless,
    });
    expect(await oneOffs(target)).toEqual([]);
    expect(await ran(target)).toEqual([]);
  });
});

it('reviews what a command in the image prints, runs nothing that is unsafe, and records what was accepted', async () => {
  const inputs = {
    commands: `sh -c 'echo one >> /data/ran'`,
    'lint-command': `sh -c 'echo "ALTER TABLE o DROP COLUMN note;"; echo "DROP TABLE talk" >&2'`,
  };
  const refused = await migrate(target, inputs, { runId: '911' });
  expect(refused.outputs).toMatchObject({ 'error-code': 'LINT_FAILED', status: 'refused', reversible: 'false' });
  expect(refused.summary).toContain('ban-drop-column o.note <reason>');
  expect(refused.summary).not.toContain('Drops the table');
  expect(await ran(target)).toEqual([]);

  const acknowledge = 'ban-drop-column o.note nobody reads it any more';
  const accepted = await migrate(target, { ...inputs, acknowledge }, { runId: '912' });
  expect(accepted.outputs).toMatchObject({ status: 'applied', reversible: 'false' });
  expect(await ran(target)).toEqual(['one']);
  expect(JSON.parse((await stateFile(target, 'migration.json')) ?? '')).toMatchObject({
    reversible: false,
    acknowledged: [{ rule: 'ban-drop-column', object: 'o.note', reason: 'nobody reads it any more' }],
  });
  expect(await oneOffs(target)).toEqual([]);
});

/** Lines of the README, with what they call as the real programs answer: exit code 1 while something is pending. */
describe('the pending check', () => {
  /** `commands` and `pending-check` of the README's snippet that names the tool. */
  function readmeInputs(tool: string): Readonly<Record<string, string>> {
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
    const snippets = [...readme.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => yaml);
    const snippet = snippets.find((yaml) => yaml.includes(tool) && yaml.includes('pending-check'));
    const lines = [...(snippet ?? '').matchAll(/^(commands|pending-check): (.*)$/gm)];
    return { service: 'app', ...Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value] as const)) };
  }

  // databases.rake of Rails 7 and 8: `db:abort_if_pending_migrations` calls `abort` after its list.
  const rails = `#!/bin/sh
case $1 in
  db:abort_if_pending_migrations)
    [ ! -e /data/schema ] || exit 0
    echo 'You have 1 pending migration:'; echo '  20261121101500 AddNote'
    echo 'Run \`bin/rails db:migrate\` to update your database then try again.' >&2; exit 1 ;;
  db:migrate) echo '== 20261121101500 AddNote: migrated (0.0021s) =='; : > /data/schema; echo rails >> /data/ran ;;
  *) exit 2 ;;
esac
`;

  // Prisma since 4.3: "prisma migrate status exits with exit code 1" where migrations have not been applied.
  const npx = `#!/bin/sh
case $* in
  'prisma migrate status') echo 'Following migration have not yet been applied:'; echo add_note; exit 1 ;;
  'prisma migrate deploy') echo 'All migrations have been successfully applied.'; echo prisma >> /data/ran ;;
  *) exit 2 ;;
esac
`;

  it('lets the commands run while Rails has something pending, and skips them when it has not', async () => {
    const inputs = readmeInputs('bin/rails');
    await putData(target, 'bin/rails', rails);
    const first = await migrate(target, inputs);
    expect(first.outputs).toMatchObject({ applied: 'true', status: 'applied' });
    expect(first.log).toContain('AddNote: migrated');
    const second = await migrate(target, inputs);
    expect(second.outputs).toMatchObject({ applied: 'false', status: 'nothing-pending' });
    expect(await ran(target)).toEqual(['rails']);
    expect(await oneOffs(target)).toEqual([]);
  });

  it('lets the commands run while Prisma has something pending', async () => {
    await putData(target, 'bin/npx', npx);
    const result = await migrate(target, readmeInputs('prisma migrate status'));
    expect(result.outputs).toMatchObject({ applied: 'true', status: 'applied' });
    expect(await ran(target)).toEqual(['prisma']);
  });

  it('is no answer when it is not in the image', async () => {
    const result = await migrate(target, { commands: mark('one'), 'pending-check': 'nope' });
    expect(result.outputs).toMatchObject({ 'error-code': 'COMMAND_FAILED', applied: 'false', status: 'refused' });
    expect(await ran(target)).toEqual([]);
  });
});
