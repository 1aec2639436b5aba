// Deploys a built folder to Cloudflare Pages with the pinned wrangler, and believes its output file, not its exit code.
//
//   PAGES_PROJECT, PAGES_BRANCH (where to), PAGES_ENVIRONMENT (production | preview: what it must become), GIT_SHA
//   node tools/pages/deploy.mjs FOLDER
//
// Writes `url` and `environment` to GITHUB_OUTPUT. CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID are wrangler's own.
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function stop(message) {
  console.log(`::error::${message.replace(/%/g, '%25').replace(/\r?\n/g, '%0A')}`);
  process.exit(1);
}

function need(name) {
  const value = process.env[name] ?? '';
  if (value === '') stop(`${name} is empty. Set it as a variable or secret of the job's environment.`);
  return value;
}

const [folder] = process.argv.slice(2);
if (!folder || !existsSync(folder)) stop(`there is no built site in ${folder ?? '(no folder given)'}`);
const project = need('PAGES_PROJECT');
const branch = need('PAGES_BRANCH');
const wanted = need('PAGES_ENVIRONMENT');
const gitSha = need('GIT_SHA');
need('CLOUDFLARE_API_TOKEN');
need('CLOUDFLARE_ACCOUNT_ID');

const temp = mkdtempSync(join(tmpdir(), 'pages-'));
const report = join(temp, 'wrangler.ndjson');
const args = ['--no-install', 'wrangler', 'pages', 'deploy', join(process.cwd(), folder), '--project-name', project];
args.push('--branch', branch, '--commit-hash', gitSha, '--commit-message', `deploy ${gitSha}`, '--commit-dirty=true');
const env = { ...process.env, CI: 'true', WRANGLER_SEND_METRICS: 'false', WRANGLER_OUTPUT_FILE_PATH: report };
const { status } = spawnSync('npx', args, { cwd: import.meta.dirname, env, stdio: 'inherit' });
const lines = existsSync(report)
  ? readFileSync(report, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  : [];
rmSync(temp, { recursive: true, force: true });

const failed = lines.find(({ type }) => type === 'command-failed');
if (failed) stop(`wrangler: ${failed.message ?? 'the deployment failed'}`);
const deployed = lines.find(({ type }) => type === 'pages-deploy-detailed');
if (status !== 0 || !deployed)
  stop(`wrangler ended with ${status} and reported no deployment; what served before serves still.`);
if (deployed.environment !== wanted)
  stop(
    `the deployment became ${deployed.environment}, not ${wanted}: ${branch} is ${wanted === 'preview' ? '' : 'not '}the production branch of ${project}.`,
  );
appendFileSync(need('GITHUB_OUTPUT'), `url=${deployed.url}\nenvironment=${deployed.environment}\n`);
console.log(`${deployed.environment}: ${deployed.url}`);
