import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import examples from '@octokit/webhooks-examples' with { type: 'json' };
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWebhookCatcher, type WebhookCatcher } from '../../lab/src/index.ts';
import { createJob, type StepResult } from '../../lab/src/runner/index.ts';

const groups = 'marketing: [apps/marketing/**]\ndocs: [apps/docs/**]';
const token = 'ghs_0123456789abcdef0123';
let api: WebhookCatcher;

beforeEach(async () => {
  api = await openWebhookCatcher();
});
afterEach(async () => {
  await api.close();
});

/** A real payload of a pull request that is closed, as merged, with that many changed files. */
function merged(changedFiles: number): object {
  const event = examples.find(({ name }) => name === 'pull_request');
  const found = event?.examples.find((example) => 'action' in example && example.action === 'closed') as
    { readonly pull_request: object } | undefined;
  return { ...found, pull_request: { ...found?.pull_request, merged: true, changed_files: changedFiles } };
}

async function gate(
  eventName: string,
  event: object,
  inputs: Readonly<Record<string, string>> = {},
): Promise<StepResult> {
  const workspace = await mkdtemp(join(tmpdir(), 'path-gate-'));
  const payload = JSON.parse(JSON.stringify(event)) as never;
  const job = await createJob({
    workspace,
    github: { repository: 'acme/shop', apiUrl: api.url, token, eventName, event: payload },
  });
  try {
    const step = await job.step({ uses: 'action-path-gate', with: { groups, ...inputs } });
    expect([step.rawLog, step.summary, ...Object.values(step.outputs)].join('\n')).not.toContain(token);
    return step;
  } finally {
    await job.finish();
    await rm(workspace, { recursive: true, force: true });
  }
}

const page = (files: readonly object[], next?: string) => ({
  status: 200,
  headers: {
    'content-type': 'application/json',
    ...(next === undefined ? {} : { link: `<${api.url}${next}>; rel="next"` }),
  },
  body: JSON.stringify(files),
});
const file = (filename: string, previous?: string) => ({
  filename,
  status: previous === undefined ? 'modified' : 'renamed',
  ...(previous === undefined ? {} : { previous_filename: previous }),
});

describe('the bundled action', () => {
  it('reads all pages of a merged pull request, and both names of a rename', async () => {
    api.script(
      page([file('README.md')], '/repos/acme/shop/pulls/2/files?per_page=100&page=2'),
      page([file('old/guide.md', 'apps/docs/guide.md')]),
    );
    const step = await gate('pull_request', merged(2));
    expect(api.requests.map(({ path }) => path)).toEqual([
      '/repos/acme/shop/pulls/2/files?per_page=100',
      '/repos/acme/shop/pulls/2/files?per_page=100&page=2',
    ]);
    expect(step.outputs).toMatchObject({
      marketing: 'false',
      docs: 'true',
      'is-complete': 'true',
      'from-fork': 'false',
    });
    expect(JSON.parse(step.outputs['groups'] ?? '')).toEqual({ marketing: false, docs: true });
    expect(JSON.parse(step.outputs['matched'] ?? '')).toEqual({ marketing: [], docs: ['apps/docs/guide.md'] });
    expect(step.summary).toContain('| docs | ✅ runs | 1 changed file | `apps/docs/guide.md` |');
  });

  it('opens with a warning when GitHub lists fewer files than there are', async () => {
    api.script(page([file('README.md')]));
    const step = await gate('pull_request', merged(3200));
    expect(step.outputs).toMatchObject({ marketing: 'true', docs: 'true', 'is-complete': 'false' });
    expect(step.commands.warnings).toEqual(['Not all changed files are known: GitHub lists 1 of 3200 changed files']);
  });

  it('opens when the API refuses or does not answer, and says which permission it lacks', async () => {
    api.script({
      status: 403,
      headers: { 'content-type': 'application/json' },
      body: '{"message":"Resource not accessible"}',
    });
    const refused = await gate('pull_request', merged(1));
    expect(refused.outputs).toMatchObject({ marketing: 'true', docs: 'true' });
    expect(refused.commands.warnings[0]).toContain('`pull-requests: read`');
    api.script({ status: 200, isReset: true });
    expect((await gate('pull_request', merged(1))).outputs['is-complete']).toBe('false');
  });

  it('fails instead where that is asked for', async () => {
    api.script({ status: 500 });
    const step = await gate('pull_request', merged(1), { 'on-unknown': 'fail' });
    expect(step.exitCode).toBe(1);
    expect(step.outputs['error-code']).toBe('CHANGES_UNKNOWN');
    expect(step.outputs['marketing']).toBeUndefined();
  });

  it('compares the two ends of a push', async () => {
    const [before, after] = ['a'.repeat(40), 'b'.repeat(40)];
    const body = JSON.stringify({ status: 'ahead', files: [file('apps/marketing/index.html')] });
    api.script({ status: 200, headers: { 'content-type': 'application/json' }, body });
    const step = await gate('push', { before, after, created: false, forced: false, deleted: false });
    expect(api.requests[0]?.path).toMatch(new RegExp(`^/repos/acme/shop/compare/${before}\\.\\.\\.${after}\\?`));
    expect(step.outputs).toMatchObject({ marketing: 'true', docs: 'false' });
  });

  it('runs on a start by hand what was asked for, and asks GitHub nothing', async () => {
    const step = await gate('workflow_dispatch', {}, { force: 'docs' });
    expect(step.outputs).toMatchObject({ marketing: 'false', docs: 'true' });
    expect(api.requests).toHaveLength(0);
    expect(step.commands.warnings).toEqual([]);
  });

  it('refuses a bad group with one error', async () => {
    const step = await gate('workflow_dispatch', {}, { groups: 'docs: [/apps/docs]' });
    expect(step.exitCode).toBe(1);
    expect(step.outputs['error-code']).toBe('INPUT_INVALID');
    expect(step.commands.errors).toHaveLength(1);
  });
});
