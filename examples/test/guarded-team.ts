import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ActResult } from '../../lab/src/act/index.ts';
import type { Lab } from '../../lab/src/index.ts';
import { tellFailure } from './path-row.ts';
import type { Repository } from './repository.ts';
import { openTeam, type RunChanges, type Team } from './team.ts';

export const deployWorkflow = '.github/workflows/deploy.yml';
/** The server's name behind the proxy: nothing resolves it. */
export const hostName = 'api-1.internal';
export const leaseFolder = '/srv/act-guarded-lease';
const port = '18491';
const image = 'lab/act-guarded';

/** Commits of the team's repository: `rude` breaks a contract, `liar` says another commit. */
export type Version = 'v1' | 'v2' | 'broken' | 'rude' | 'liar';

interface Asked {
  readonly confirm?: string;
  readonly target?: string;
}

/** The team of guarded-manual-deploy, whose server is reached through a program on the runner. */
export interface GuardedTeam {
  readonly team: Team;
  readonly commits: Readonly<Record<Version, string>>;
  /** By the example's own workflow: docker build and push, with an account that may write. */
  build(version: Version): Promise<void>;
  /** Starts the workflow on that commit, by default as it should be: to production, DEPLOY typed, with a reason. */
  deploy(version: Version, changes?: RunChanges, asked?: Asked): Promise<ActResult>;
  /** `success: v1 serves`, or `failure at verify (TAG_MISSING): v1 serves`: what serves is asked on the server. */
  tell(run: ActResult): Promise<string>;
  /** The version whose digest the one container runs; it says its commit itself. */
  readServed(): Promise<string>;
  /** Which commit's compose file the server has. */
  readFiles(): Promise<'v1' | 'v2'>;
  /** Connections that the proxy command was asked for, as `host:port`. */
  readTunnels(): readonly string[];
  close(): Promise<void>;
}

export async function openGuardedTeam(lab: Lab): Promise<GuardedTeam> {
  const scratch = mkdtempSync(join(tmpdir(), 'guarded-'));
  const tunnels = join(scratch, 'tunnels');
  const { address, username = '', password = '', readOnlyUsername = '', readOnlyPassword = '' } = lab.registry.bearer;
  const team = await openTeam(lab, {
    example: 'guarded-manual-deploy',
    name: 'act-guarded',
    hasDocker: true,
    envFile: [`API_PORT=${port}`],
    vars: {
      IMAGE_REPOSITORY: `${address}/${image}`,
      DEPLOY_HOST: hostName,
      DEPLOY_USER: lab.server.user,
      DEPLOY_KNOWN_HOSTS: lab.server.knownHosts.replaceAll(lab.server.address, hostName),
      DEPLOY_PROXY_COMMAND: `node ${writeTunnel(scratch, lab.server.address, tunnels)} ${hostName} %p`,
      DEPLOY_LEASE_FOLDER: leaseFolder,
      API_PORT: port,
    },
    secrets: {
      BUILD_REGISTRY_USERNAME: username,
      BUILD_REGISTRY_PASSWORD: password,
      REGISTRY_USERNAME: readOnlyUsername,
      REGISTRY_PASSWORD: readOnlyPassword,
    },
  });
  await lab.server.exec(['rm', '-rf', leaseFolder]);
  await lab.server.exec(['install', '-d', '-o', lab.server.user, leaseFolder]);
  const commits = writeCommits(team.repository, lab);
  /** What the builds pushed: repository and digest. */
  const pushed = new Map<string, Version>();

  const readServed = async (): Promise<string> => {
    const [id, ...others] = await team.project.listContainers('api');
    if (id === undefined) return 'nothing';
    expect(others).toEqual([]);
    const { stdout } = await lab.server.docker(['inspect', '--format', '{{.Config.Image}}', id]);
    const version = pushed.get(stdout.trim());
    if (version === undefined) return stdout.trim();
    const { stdout: answer } = await lab.server.docker(['exec', id, 'python3', '-c', askForCommit]);
    expect(answer).toContain(`"git_sha": "${commits[version].slice(0, 8)}"`);
    return version;
  };
  return {
    team,
    commits,
    build: async (version) => {
      const run = await team.push('build.yml', commits[version]);
      expect(run.jobs['build']?.outcome, run.lines.join('\n')).toBe('success');
      const tag = `${address}/${image}:sha-${commits[version].slice(0, 7)}`;
      const format = '{{range .RepoDigests}}{{println .}}{{end}}';
      const { stdout } = await lab.server.docker(['image', 'inspect', '--format', format, tag]);
      for (const digest of stdout.trim().split('\n')) pushed.set(digest, version);
    },
    deploy: (version, changes = {}, asked = {}) => {
      const inputs = { target: 'production', confirm: 'DEPLOY', reason: 'ticket 4711', ...asked };
      return team.dispatch('deploy.yml', inputs, { sha: commits[version], ...changes });
    },
    tell: async (run) => `${tellOutcome(run)}: ${await readServed()} serves`,
    readServed,
    readFiles: async () => ((await team.readServerFile('compose.yaml'))?.startsWith('# Of v2') === true ? 'v2' : 'v1'),
    readTunnels: () => (existsSync(tunnels) ? readFileSync(tunnels, 'utf8').split('\n').filter(Boolean) : []),
    close: async () => {
      await team[Symbol.asyncDispose]();
      await lab.server.exec(['rm', '-rf', leaseFolder]);
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** In the container; one that was just restarted is waited for. */
const askForCommit = `
import time, urllib.request
for _ in range(600):
    try:
        print(urllib.request.urlopen('http://127.0.0.1:8000/api/health').read().decode())
        break
    except OSError:
        time.sleep(0.2)
`;

/** Stands for `gcloud compute start-iap-tunnel … --listen-on-stdin`: who speaks to it speaks to the server. */
function writeTunnel(folder: string, address: string, tunnels: string): string {
  const file = join(folder, 'tunnel.mjs');
  const source = `import { appendFileSync } from 'node:fs';
import { connect } from 'node:net';
const [instance, port] = process.argv.slice(2);
appendFileSync(${JSON.stringify(tunnels)}, \`\${instance}:\${port}\\n\`);
const socket = connect(Number(port), ${JSON.stringify(address)});
process.stdin.pipe(socket).pipe(process.stdout);
`;
  writeFileSync(file, source);
  return file;
}

/** The lab has no python:3.13-slim, and no TLS; everything else runs as written. */
function writeCommits(repository: Repository, lab: Lab): Readonly<Record<Version, string>> {
  const django = lab.images.full?.django;
  if (django === undefined) throw new Error('the lab has no full images');
  const python = lab.reference('anonymous', django.repository, django.v1.digest);
  repository.replace('api/Dockerfile', 'python:3.13-slim', python);
  const marker = '          expect-revision:';
  repository.replace(
    deployWorkflow,
    marker,
    `          insecure-registries: ${lab.registry.bearer.address}\n${marker}`,
  );
  // Three answers in a row are health-gate's own business, and take their time.
  repository.replace(deployWorkflow, 'deadline: 1m', "deadline: 1m\n          success-threshold: '1'");
  // A machine that is busy with other tests takes its time for a check in a container.
  repository.replace(deployWorkflow, 'deadline: 15s', 'deadline: 30s');
  const app = 'api/app.py';
  const v1 = repository.commit();
  repository.replace('deploy/compose.yaml', '# What lands', '# Of v2. What lands');
  const v2 = repository.commit();
  repository.replace(app, 'class Handler', 'sys.exit("a setting is missing")\n\n\nclass Handler');
  const broken = repository.commit();
  repository.replace(app, 'sys.exit("a setting is missing")\n\n\n', '');
  repository.replace(app, '"next": None', '"following": None');
  const rude = repository.commit();
  repository.replace(app, '"following": None', '"next": None');
  repository.replace(app, 'os.environ.get("GIT_SHA", "unknown")', '"0" * 40');
  const liar = repository.commit();
  return { v1, v2, broken, rude, liar };
}

function tellOutcome({ jobs }: ActResult): string {
  const { confirm, deploy } = jobs;
  const outcome = confirm?.outcome === 'failure' ? 'failure' : (deploy?.outcome ?? 'no job');
  return `${outcome}${tellFailure([confirm, deploy])}`;
}
