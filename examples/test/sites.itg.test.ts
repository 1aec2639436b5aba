import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openWebhookCatcher, type WebhookCatcher } from '../../lab/src/index.ts';
import { runWorkflowJob, type JobResult } from '../../lab/src/runner/index.ts';

const workflow = join(import.meta.dirname, '../promote-by-sha/.github/workflows/deploy-sites.yml');
const repository = mkdtempSync(join(tmpdir(), 'sites-gate-'));
let api: WebhookCatcher;

beforeAll(() => {
  const git = (...words: readonly string[]): void => {
    execFileSync('git', ['-C', repository, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...words]);
  };
  git('init', '--quiet');
  git('commit', '--quiet', '--allow-empty', '--message', 'tip of main');
});
afterAll(() => {
  rmSync(repository, { recursive: true, force: true });
});
beforeEach(async () => {
  api = await openWebhookCatcher();
});
afterEach(async () => {
  await api.close();
});

interface Merge {
  readonly files: readonly string[];
  readonly from?: string;
}

/** The gate job, as it runs after a pull request was closed. */
function closePullRequest({ files, from = 'acme/shop' }: Merge): Promise<JobResult> {
  api.script({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(files.map((filename) => ({ filename, status: 'modified' }))),
  });
  const event = {
    action: 'closed',
    pull_request: {
      number: 7,
      merged: true,
      changed_files: files.length,
      head: { repo: { full_name: from, fork: from !== 'acme/shop' } },
      base: { repo: { full_name: 'acme/shop' } },
    },
  };
  const github = { repository: 'acme/shop', apiUrl: api.url, token: 'ghs_0123456789abcdef', event };
  return runWorkflowJob({
    file: workflow,
    job: 'gate',
    workspace: repository,
    github: { ...github, eventName: 'pull_request' },
  });
}

function sitesOf({ steps }: JobResult): unknown {
  return JSON.parse(steps.find(({ id }) => id === 'gate')?.outputs['groups'] ?? 'null');
}

const marketing = { marketing: true, docs: false };
const docs = { marketing: false, docs: true };
const both = { marketing: true, docs: true };
const none = { marketing: false, docs: false };

/** Unmerged ones, forks and starts by hand: promote-by-sha-sites.act.test.ts. */
describe('the gate of deploy-sites', () => {
  it.each([
    ['apps/api/acme/marketing/templates/marketing/pages/deep/index.html', marketing],
    ['apps/api/acme/templates/common/components/footer.html', marketing],
    ['apps/api/acme/static/site.css', marketing],
    ['apps/api/acme/marketing/urls.py', marketing],
    ['apps/api/acme/marketing/views.py', marketing],
    ['apps/api/acme/marketing/management/commands/export_guest_site.py', marketing],
    ['.github/workflows/deploy-marketing-preview.yml', marketing],
    ['docs/index.md', docs],
    ['apps/api/docs/api.md', docs],
    ['tools/docs/build.mjs', docs],
    ['.github/workflows/deploy-sites.yml', both],
    ['tools/pages/package-lock.json', both],
    ['apps/api/notes/views.py', none],
    ['apps/api/acme/marketing/models.py', none],
    ['README.md', none],
  ])('%s', async (file, expected) => {
    const result = await closePullRequest({ files: [file] });
    expect(result.conclusion).toBe('success');
    expect(sitesOf(result)).toEqual(expected);
  });

  it('is green for a merged fork whose files concern no site', async () => {
    expect((await closePullRequest({ files: ['README.md'], from: 'someone/shop' })).conclusion).toBe('success');
  });

  it.each([
    ['docs', docs],
    ['all', both],
  ])('runs %s when that is started by hand', async (site, expected) => {
    const github = { repository: 'acme/shop', apiUrl: api.url, eventName: 'workflow_dispatch' };
    const result = await runWorkflowJob({
      file: workflow,
      job: 'gate',
      workspace: repository,
      inputs: { site },
      github,
    });
    expect(sitesOf(result)).toEqual(expected);
  });
});
