import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { ensureAct, runAct, type ActResult } from '../../lab/src/act/index.ts';
import {
  ensureImages,
  openWebhookCatcher,
  type Lab,
  type CatcherAnswer,
  type WebhookCatcher,
} from '../../lab/src/index.ts';
import { mapActions } from './action-map.ts';
import { startCloudflare, type Cloudflare, type CloudflareScript } from './cloudflare.ts';
import { testPath } from './path-row.ts';
import { openRepository, type Repository } from './repository.ts';
import { ensureWrangler, writeNodeTools, writePythonTools } from './site-tools.ts';
import { publishedFolder } from './team.ts';

const example = 'promote-by-sha: sites';
const token = 'cf-token-never-to-be-seen';
const slug = 'acme/shop';

const sitesFile = '.github/workflows/deploy-sites.yml';

let act: string;
let lab: Lab;
let repository: Repository;
let scratch: string;
let api: WebhookCatcher;
let chat: WebhookCatcher;
/** The commit that runs are of: the merge, after which main has moved on to `tip`. */
let merged: string;
let tip: string;
/** The one file that the pull request changed, as GitHub's API tells it. */
let changedFile: string;

beforeAll(async () => {
  act = await ensureAct();
  lab = await ensureImages('full');
  scratch = mkdtempSync(join(tmpdir(), 'sites-'));
  writeNodeTools(join(scratch, 'node'), await ensureWrangler(lab));
  writePythonTools(join(scratch, 'python'), lab);
  api = await openWebhookCatcher('127.0.0.1', ({ path }) => (path.includes('/pulls/') ? listChanged() : undefined));
  chat = await openWebhookCatcher();
  repository = openRepository('promote-by-sha');
  // The lab's Django is Debian's, which does not know this yet.
  repository.replace('apps/api/notes/models.py', ', db_default=False', '');
  merged = repository.commit();
  tip = repository.commit();
  execFileSync('git', ['-C', repository.folder, 'checkout', '--quiet', '--detach', merged]);
});

afterAll(async () => {
  await Promise.all([api.close(), chat.close()]);
  repository.remove();
  rmSync(scratch, { recursive: true, force: true });
});

interface SiteRun {
  readonly run: ActResult;
  /** Forms of the deployments that Cloudflare was given. */
  readonly deployments: readonly string[];
}

async function runSites(
  workflow: string,
  eventName: string,
  event: Readonly<Record<string, unknown>>,
  script: Partial<CloudflareScript> = {},
): Promise<SiteRun> {
  await using cloudflare: Cloudflare = await startCloudflare({
    token,
    productionBranch: 'main',
    serves: 'commit',
    ...script,
  });
  const path = `.github/workflows/${workflow}.yml`;
  const run = await runAct({
    act,
    repository: repository.folder,
    workflow: path,
    eventName,
    event,
    actions: mapActions(repository.readText(path), publishedFolder(lab)),
    token: 'ghs_0123456789abcdef',
    vars: { PAGES_PROJECT: 'site' },
    secrets: { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_ACCOUNT_ID: 'acc0', SLACK_WEBHOOK: chat.url },
    env: {
      GITHUB_REPOSITORY: slug,
      GITHUB_API_URL: api.url,
      CLOUDFLARE_API_BASE_URL: cloudflare.url,
      LAB_ORIGIN: repository.folder,
      LAB_NODE_TOOLS: join(scratch, 'node'),
      LAB_PYTHON_TOOLS: join(scratch, 'python'),
      LAB_ARTIFACTS: join(scratch, 'artifacts'),
    },
  });
  const masked = run.lines.filter((line) => !line.includes('"command":"add-mask"'));
  expect(masked.join('\n')).not.toContain(token);
  return { run, deployments: [...cloudflare.deployments] };
}

interface Merge {
  readonly file: string;
  readonly isMerged?: boolean;
  readonly from?: string;
}

function closePullRequest(merge: Merge, script?: Partial<CloudflareScript>): Promise<SiteRun> {
  const { file, isMerged = true, from = slug } = merge;
  changedFile = file;
  const head = { ref: 'a-branch', repo: { full_name: from, fork: from !== slug } };
  const base = { ref: 'main', repo: { full_name: slug } };
  const pull = { number: 7, merged: isMerged, changed_files: 1, head, base };
  return runSites('deploy-sites', 'pull_request', { action: 'closed', pull_request: pull }, script);
}

function listChanged(): CatcherAnswer {
  const body = JSON.stringify([{ filename: changedFile, status: 'modified' }]);
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

function preview(name: string, script?: Partial<CloudflareScript>): Promise<SiteRun> {
  const event = { inputs: { name }, ref: 'refs/heads/main' };
  return runSites('deploy-marketing-preview', 'workflow_dispatch', event, script);
}

/** `success: deploy-docs green, uploaded the tip to main`, or `failure in deploy-docs: …`. */
function tell({ run, deployments }: SiteRun): string {
  const jobs = Object.entries(run.jobs);
  const failed = jobs.find(([, { outcome }]) => outcome === 'failure')?.[0];
  const uploads = deployments.map((form) => {
    const commit = form.includes(tip) ? 'the tip' : form.includes(merged) ? 'the commit of the run' : 'another commit';
    return `${commit} to ${/name="branch"\r\n\r\n([^\r]*)/.exec(form)?.[1] ?? 'no branch'}`;
  });
  const deployed = jobs.filter(([name, { outcome }]) => name.startsWith('deploy') && outcome === 'success');
  const what = deployed.map(([name]) => name).join(' and ');
  const hasRun = jobs.some(([, { steps }]) => Object.keys(steps).length > 0);
  const outcome = failed === undefined ? (hasRun ? 'success' : 'no job') : `failure in ${failed}`;
  return `${outcome}: ${what === '' ? 'nothing' : what} green, uploaded ${uploads.join(' and ') || 'nothing'}`;
}

const docs = 'success: deploy-docs green, uploaded the tip to main';
testPath(example, 'a merge that touched the docs', docs, async () => {
  const result = await closePullRequest({ file: 'docs/index.md' });
  expect(tell(result), result.run.lines.join('\n')).toMatch(/^success/);
  expect(result.run.jobs['build-marketing']?.steps ?? {}).toEqual({});
  expect(chat.requests.at(-1)?.body).toContain('site docs');
  return tell(result);
});

const marketing = 'success: deploy-marketing green, uploaded the tip to main';
testPath(example, 'marketing by hand', marketing, async () => {
  const event = { inputs: { site: 'marketing' }, ref: 'refs/heads/main' };
  const result = await runSites('deploy-sites', 'workflow_dispatch', event);
  expect(tell(result), result.run.lines.join('\n')).toMatch(/^success/);
  expect(chat.requests.at(-1)?.body).toContain('site marketing');
  return tell(result);
});

testPath(example, 'a merge that touched neither site', 'success: nothing green, uploaded nothing', async () =>
  tell(await closePullRequest({ file: 'README.md' })),
);

const unmerged = 'a pull request that was closed without a merge';
testPath(example, unmerged, 'no job: nothing green, uploaded nothing', async () =>
  tell(await closePullRequest({ file: 'docs/index.md', isMerged: false })),
);

const fork = 'a merge from a fork, which has no secrets';
testPath(example, fork, 'failure in gate: nothing green, uploaded nothing', async () => {
  const result = await closePullRequest({ file: 'docs/index.md', from: 'someone/shop' });
  expect(result.run.lines.join('\n')).toContain('Start deploy-sites by hand on main');
  return tell(result);
});

const unknown = 'a status that Cloudflare does not know yet, over the old site';
testPath(example, unknown, 'failure in deploy-docs: nothing green, uploaded the tip to main', async () => {
  // What is red stays red: nobody waits two minutes for that.
  repository.replace(sitesFile, /\/version\.json\n/g, '/version.json\n          deadline: 15s\n');
  const result = await closePullRequest({ file: 'docs/index.md' }, { deployStage: 'active', serves: 'old' });
  repository.replace(sitesFile, /\n +deadline: 15s/g, '');
  const steps = result.run.jobs['deploy-docs']?.steps;
  expect(steps?.['deploy']?.outcome).toBe('success');
  expect(steps?.['served']?.outputs['error-code']).toBe('WRONG_COMMIT');
  expect(chat.requests.at(-1)?.body).toContain('failed');
  return tell(result);
});

const previewed = 'success: deploy green, uploaded the commit of the run to preview-spring';
testPath(example, 'a preview of marketing', previewed, async () => tell(await preview('spring')));

const production = 'a preview by the name of the production branch';
testPath(example, production, 'failure in build: nothing green, uploaded nothing', async () =>
  tell(await preview('main')),
);
