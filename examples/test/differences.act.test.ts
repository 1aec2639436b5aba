import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureAct, runAct, type ActResult } from '../../lab/src/act/index.ts';

/** docs/act.md, the rows that say "yes". Each of these tests fails when act has learnt the rule: then the table is wrong. */
const workflow = `
on: workflow_dispatch
concurrency:
  group: one
jobs:
  guarded:
    runs-on: ubuntu-24.04
    environment: production
    steps:
      - id: seen
        run: |
          test -t 1 && echo "terminal=yes" >> "$GITHUB_OUTPUT"
          echo "parent=$FROM_THE_SHELL" >> "$GITHUB_OUTPUT"
          echo "node=$(node --version)" >> "$GITHUB_OUTPUT"
      - env:
          KEY: \${{ secrets.KEY }}
        run: printf '%s\\n' "$KEY"
      - run: echo "NODE_OPTIONS=--no-warnings" >> "$GITHUB_ENV"
      - id: options
        run: echo "taken=$NODE_OPTIONS" >> "$GITHUB_OUTPUT"
`;
const queued = `
on: workflow_dispatch
concurrency:
  group: one
  queue: max
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: 'true'
`;
const selfReference = `
on: workflow_dispatch
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: $/action-notify
`;

let act: string;
let repository: string;
let usual: readonly ActResult[];

beforeAll(async () => {
  act = await ensureAct();
  repository = mkdtempSync(join(tmpdir(), 'differences-'));
  mkdirSync(join(repository, '.github/workflows'), { recursive: true });
  for (const [name, text] of Object.entries({ usual: workflow, queued, self: selfReference })) {
    writeFileSync(join(repository, `.github/workflows/${name}.yml`), text);
  }
  const git = ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@example.com'];
  execFileSync('git', [...git, 'init', '--quiet', '--initial-branch=main']);
  execFileSync('git', [...git, 'commit', '--quiet', '--allow-empty', '--message', 'a commit']);
  usual = await Promise.all([run('usual'), run('usual')]);
});
afterAll(() => {
  rmSync(repository, { recursive: true, force: true });
});

function run(name: string): Promise<ActResult> {
  return runAct({
    act,
    repository,
    workflow: `.github/workflows/${name}.yml`,
    eventName: 'workflow_dispatch',
    event: { ref: 'refs/heads/main' },
    actions: new Map(),
    secrets: { KEY: 'the first line\nthe second line\n' },
    runnerEnv: { FROM_THE_SHELL: 'leaked' },
    isMasked: true,
  });
}

function outputsOf(step: string): Readonly<Record<string, string>> {
  return usual[0]?.jobs['guarded']?.steps[step]?.outputs ?? {};
}

describe('act, where it is not GitHub', () => {
  it('runs a job of a protected environment at once, and two runs of one concurrency group together', () => {
    expect(usual.map(({ jobs }) => jobs['guarded']?.outcome)).toEqual(['success', 'success']);
  });
  it('passes its own environment on', () => {
    expect(outputsOf('seen')['parent']).toBe('leaked');
  });
  it('runs steps at a terminal', () => {
    expect(outputsOf('seen')['terminal']).toBe('yes');
  });
  it('takes the first node in PATH, which is the 24 that runs this', () => {
    expect(outputsOf('seen')['node']).toBe(process.version);
    expect(process.version).toMatch(/^v24\./);
  });
  it('lets a step set NODE_OPTIONS for the next one', () => {
    expect(outputsOf('options')['taken']).toBe('--no-warnings');
  });
  it('shows every line of a secret of several lines', () => {
    expect(usual[0]?.lines.join('\n')).toContain('the second line');
  });
  it('refuses a file with a concurrency queue', async () => {
    const { exitCode, jobs } = await run('queued');
    expect(exitCode).not.toBe(0);
    expect(jobs).toEqual({});
  });
  it('refuses a reference to the running commit of the same repository', async () => {
    const { exitCode, lines } = await run('self');
    expect(exitCode).not.toBe(0);
    expect(lines.join('\n')).toContain('Expected format');
  });
});
