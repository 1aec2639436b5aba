#!/usr/bin/env node
// The deploy of .github/workflows/deploy-api.yml on your own machine: the same bundled actions, with `host: local`.
//
//   APP_IMAGE=ghcr.io/your-org/api:<full commit SHA> node simulate.mjs
//
// Needs Node 24 and Docker with Compose. DEPLOY_ACTIONS names a clone of deploy-actions (default: two folders up, where
// this example lives). DEPLOY_PATH is where the "server's" files go (default: .simulation/api). A private registry:
// DEPLOY_REGISTRY_USERNAME and DEPLOY_REGISTRY_PASSWORD; one without TLS: INSECURE_REGISTRIES=host:port. Take it down: docker compose down -v, in DEPLOY_PATH.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const repository = import.meta.dirname;
const actions = resolve(process.env.DEPLOY_ACTIONS || join(repository, '../..'));
const deployPath = resolve(process.env.DEPLOY_PATH || join(repository, '.simulation/api'));
const image = process.env.APP_IMAGE ?? '';
const temp = mkdtempSync(join(tmpdir(), 'simulate-'));
const posts = [];

function stop(message) {
  console.error(`simulate: ${message}`);
  process.exit(2);
}

/** The defaults of an action.yml. A runner fills them in, so a simulation must; the files are plain enough for this. */
function readDefaults(folder) {
  const text = readFileSync(join(folder, 'action.yml'), 'utf8');
  const inputs = text.slice(text.indexOf('\ninputs:'), text.search(/\n(outputs|runs):/));
  const entries = inputs
    .split(/\n {2}(?=[a-z])/)
    .slice(1)
    .map((entry) => {
      const value = /\n {4}default: *(.*)/.exec(entry)?.[1] ?? '';
      if (/^[|>]/.test(value)) stop(`${folder}/action.yml has a default of several lines`);
      return [entry.slice(0, entry.indexOf(':')), value.replace(/^(['"])(.*)\1$/, '$2')];
    });
  return Object.fromEntries(entries);
}

/** GITHUB_OUTPUT and GITHUB_STATE: `name<<MARK`, the value's lines, `MARK`. */
function readPairs(file) {
  const pairs = {};
  for (const [, name, , value] of readFileSync(file, 'utf8').matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n?^\2$/gm))
    pairs[name] = value;
  return pairs;
}

/** Shows what a person wants to read of an action's log; masks and commands stay out. */
function show(line) {
  const [, command, text] = /^::([a-z-]+)[^:]*::(.*)$/.exec(line) ?? [];
  if (command === undefined) console.log(`   ${line}`);
  else if (command === 'group') console.log(`   > ${text}`);
  else if (['error', 'warning', 'notice'].includes(command)) console.log(`   ${command}: ${decodeURIComponent(text)}`);
}

function runProcess(folder, environment) {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(folder, 'dist/index.js')], {
      cwd: repository,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      lines.forEach(show);
    });
    child.on('close', (code) => done(code ?? 1));
  });
}

/** Runs one action as a runner would and hands back its outputs; its post part runs when the simulation ends. */
async function step(name, inputs) {
  console.log(`\n== ${name}`);
  const folder = join(actions, `action-${name}`);
  const file = (kind) => {
    const path = join(temp, `${name}.${kind}`);
    writeFileSync(path, '');
    return path;
  };
  const files = { GITHUB_OUTPUT: file('output'), GITHUB_STATE: file('state'), GITHUB_STEP_SUMMARY: file('summary') };
  const filled = { ...readDefaults(folder), ...inputs };
  const environment = {
    ...process.env,
    ...files,
    GITHUB_WORKSPACE: repository,
    RUNNER_TEMP: temp,
    ...Object.fromEntries(Object.entries(filled).map(([key, value]) => [`INPUT_${key.toUpperCase()}`, value])),
  };
  posts.push({ folder, environment, state: files.GITHUB_STATE });
  const code = await runProcess(folder, environment);
  if (code !== 0) throw new Error(`${name} failed; the log above says why.`);
  return readPairs(files.GITHUB_OUTPUT);
}

async function finish() {
  for (const { folder, environment, state } of posts.reverse()) {
    const saved = Object.entries(readPairs(state)).map(([key, value]) => [`STATE_${key}`, value]);
    const hasPost = /^ {2}post:/m.test(readFileSync(join(folder, 'action.yml'), 'utf8'));
    if (hasPost) await runProcess(folder, { ...environment, ...Object.fromEntries(saved) });
  }
  rmSync(temp, { recursive: true, force: true });
}

/** By digest: a deploy refuses to start a service by a tag that moves. What a person writes on a server, see README.md. */
function findPostgres() {
  const tag = 'postgres:17.6-alpine';
  const docker = (...words) =>
    execFileSync('docker', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  docker('pull', '--quiet', tag);
  return docker('image', 'inspect', '--format', '{{index .RepoDigests 0}}', tag).trim();
}

if (image === '') stop('give the image, for example APP_IMAGE=ghcr.io/your-org/api:<full commit SHA>');
if (!existsSync(join(actions, 'action-verify-image'))) stop(`no actions in ${actions}; set DEPLOY_ACTIONS to a clone.`);
// Throwaway secrets, made once: a database keeps the password it was born with. What you wrote there yourself stays.
const envFile = join(deployPath, '.env');
mkdirSync(deployPath, { recursive: true });
const known = existsSync(envFile) ? readFileSync(envFile, 'utf8') : '';
const password = randomBytes(16).toString('hex');
const missing = [
  ['POSTGRES_IMAGE', findPostgres],
  ['POSTGRES_PASSWORD', () => `${password}\nDATABASE_URL=postgres://api:${password}@postgres:5432/api`],
  ['DJANGO_SECRET_KEY', () => randomBytes(24).toString('hex')],
].filter(([name]) => !new RegExp(`^${name}=`, 'm').test(known));
appendFileSync(envFile, missing.map(([name, make]) => `${name}=${make()}\n`).join(''), { mode: 0o600 });

const here = { host: 'local', 'deploy-path': deployPath };
// Ctrl-C reaches the running action too; it stops, its step fails, and the post parts below let go of the lease.
process.on('SIGINT', () => {});
try {
  const { images } = await step('verify-image', {
    images: `APP_IMAGE=${image}`,
    platforms: '',
    'insecure-registries': process.env.INSECURE_REGISTRIES ?? '',
  });
  await step('sync-remote', { ...here, source: 'infra/docker/compose' });
  await step('migrate', { ...here, images, service: 'migrate', profiles: 'migrate' });
  const { outcome } = await step('rolling-deploy', { ...here, images });
  // No health gate: Docker Desktop hides the containers' addresses. The rollout has waited for the health check.
  console.log(`\n${outcome}: ${images}\nIt runs in ${deployPath}: docker compose ps`);
} catch (error) {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
} finally {
  await finish();
}
