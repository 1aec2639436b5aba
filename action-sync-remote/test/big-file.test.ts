import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { inputReader } from '@deploy-actions/kit/action/inputs';
import { connectHost } from '@deploy-actions/kit/host/connect';
import { currentOwner } from '@deploy-actions/kit/state/owner';
import { ensureStateFolder } from '@deploy-actions/kit/state/state-folder';
import { fakeRunner, type FakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { systemClock } from '@deploy-actions/kit/time/clock';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startServer, userKeyPair, type TestServer } from '../../kit/test/host/ssh-server.ts';
import { compare, lookAround, makeBuckets } from '../src/comparison.ts';
import { loadInputs } from '../src/inputs.ts';
import { run } from '../src/main.ts';
import { send } from '../src/sending.ts';
import { findSources } from '../src/source-place.ts';
import { scanSources } from '../src/source-scan.ts';
import { makeManifest } from '../src/staging.ts';
import { makeFolder, writeFiles } from './source-fixture.ts';

const mebibyte = 1024 * 1024;
/** Parts of 32, 32 and 1 MiB, each with a content of its own. */
const big = Buffer.concat([1, 2, 3].map((fill) => Buffer.alloc(fill === 3 ? mebibyte : 32 * mebibyte, fill)));

/** Stand before the server's own programs. */
let tools: string;
let ssh: TestServer;
let workspace: string;
let server: string;

beforeAll(async () => {
  tools = makeFolder();
  ssh = await startServer({ env: { PATH: `${tools}:${process.env['PATH'] ?? ''}` } });
});
afterAll(async () => {
  await ssh[Symbol.asyncDispose]();
});
beforeEach(() => {
  workspace = makeFolder({ 'compose.yaml': 'v1' });
  server = join(makeFolder(), 'app');
  mkdirSync(server);
  for (const name of readdirSync(tools)) rmSync(join(tools, name));
});

function replaceTool(name: string, script: string): void {
  writeFileSync(join(tools, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(tools, name), 0o755);
}

/** Through a server in this process: on the runner itself nothing goes in parts. */
async function sync(signal = new AbortController().signal): Promise<FakeRunner> {
  const runner = makeRunner();
  await run({ runner, signal });
  return runner;
}

function makeRunner(): FakeRunner {
  const defaults = { source: '.', delete: 'managed', activate: 'now', 'dry-run': 'false', 'lock-wait': '0' };
  const login = { host: '127.0.0.1', port: String(ssh.port), user: 'deploy', 'ssh-private-key': userKeyPair.private };
  const pin = { 'known-hosts': `[127.0.0.1]:${ssh.port} ssh-ed25519 ${ssh.hostKey.toString('base64')}` };
  return fakeRunner(
    { ...defaults, ...login, ...pin, 'deploy-path': server },
    { GITHUB_WORKSPACE: workspace, GITHUB_RUN_ID: '1', GITHUB_SHA: 'a'.repeat(40), GITHUB_REPOSITORY: 'o/r' },
  );
}

/** What a sync does when it has compared, with a server that has not got this program. */
async function sendWithout(program: 'zstd'): Promise<number> {
  const { signal } = new AbortController();
  const runner = makeRunner();
  const { target, deployPath } = loadInputs(inputReader(runner));
  const rules = { include: [], exclude: [], protect: [], reserved: [] };
  const listeners = { onProgress: () => undefined, guard: () => undefined };
  const scan = await scanSources(await findSources(workspace, ['.']), rules, listeners);
  const host = await connectHost(target, runner, signal);
  try {
    const owner = currentOwner(runner);
    const facts = { env: undefined, isProtected: () => false, log: () => undefined, clock: systemClock };
    const job = {
      ...facts,
      host,
      scan,
      signal,
      deployPath,
      owner,
      buckets: makeBuckets(scan),
      delete: 'managed',
    } as const;
    await ensureStateFolder(host, deployPath);
    const { look } = await lookAround(job);
    const comparison = await compare(job, { ...look, packers: look.packers.filter((name) => name !== program) });
    const manifest = makeManifest(job, comparison.transfer);
    return await send(job, comparison, manifest, { plan: undefined, receiver: undefined, step: '', ahead: undefined });
  } finally {
    await host.close();
  }
}

/** All parts arrive, and then what brings the rest does not. */
async function interruptBehindParts(): Promise<void> {
  replaceTool('tar', 'cat > /dev/null; echo "tar: cut" >&2; exit 1');
  await expect(sync()).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  rmSync(join(tools, 'tar'));
}

/** Changes the source in the middle: when the server is given the first part. */
async function changeWhileSending(): Promise<unknown> {
  replaceTool('dd', `printf x >> '${join(workspace, 'big')}'; exec ${realTool('dd')} "$@"`);
  return sync().catch((thrown: unknown) => thrown);
}

const realTool = (name: string): string =>
  execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();

const parts = (): string => join(server, '.deploy/parts');

describe('a big file of a sync that was interrupted', { timeout: 300_000 }, () => {
  it('goes on with the parts that are there, and sends the others', async () => {
    writeFileSync(join(workspace, 'big'), big);
    await interruptBehindParts();
    const [folder = ''] = readdirSync(parts());
    // As if it had been cut in the middle of the second one.
    rmSync(join(parts(), folder, 'marks-32/32'));
    const runner = await sync();
    expect(runner.lines.join('\n')).toContain('34.6 MB are there already, from an interrupted sync');
    expect(Number(runner.outputs.get('bytes-sent'))).toBe(32 * mebibyte + 'v1'.length);
    expect(readFileSync(join(server, 'big')).equals(big)).toBe(true);
    expect(existsSync(parts())).toBe(false);
  });

  it('does not count parts of another length, as another version of this action cuts them', async () => {
    writeFileSync(join(workspace, 'big'), big);
    await interruptBehindParts();
    const [folder = ''] = readdirSync(parts());
    renameSync(join(parts(), folder, 'marks-32'), join(parts(), folder, 'marks-16'));
    const runner = await sync();
    expect(Number(runner.outputs.get('bytes-sent'))).toBe(big.length + 'v1'.length);
    expect(readFileSync(join(server, 'big')).equals(big)).toBe(true);
  });

  it('finds out what a power cut took from the parts that are there, and begins anew with the next run', async () => {
    writeFileSync(join(workspace, 'big'), big);
    await interruptBehindParts();
    const [folder = ''] = readdirSync(parts());
    const data = openSync(join(parts(), folder, 'data'), 'r+');
    writeSync(data, Buffer.alloc(4096), 0, 4096, 0);
    closeSync(data);
    await expect(sync()).rejects.toMatchObject({ code: 'STAGED_TREE_CORRUPT' });
    expect(readdirSync(server)).toEqual(['.deploy']);
    await sync();
    expect(readFileSync(join(server, 'big')).equals(big)).toBe(true);
  });

  it('needs no room for the parts that are there', async () => {
    writeFileSync(join(workspace, 'big'), big);
    await interruptBehindParts();
    // Room for less than a third of it: 20 MiB.
    replaceTool(
      'df',
      'printf "Filesystem 1024-blocks Used Available Capacity Mounted\\nx 99999 79519 20480 80%% /\\n"',
    );
    await sync();
    expect(readFileSync(join(server, 'big')).equals(big)).toBe(true);
  });

  it.each(['is gone from the source', 'is gone, and nothing else is new'])(
    'leaves nothing when it %s',
    async (what) => {
      await sync();
      writeFileSync(join(workspace, 'big'), big.subarray(0, 16 * mebibyte));
      await interruptBehindParts();
      rmSync(join(workspace, 'big'));
      if (what === 'is gone from the source') writeFiles(workspace, { 'compose.yaml': 'v2' });
      await sync();
      expect(existsSync(parts())).toBe(false);
    },
  );
});

it('a big file that changes while its parts are sent ends the sync by its name', async () => {
  writeFileSync(join(workspace, 'big'), big);
  expect(await changeWhileSending()).toMatchObject({
    code: 'SOURCE_CHANGED',
    message: expect.stringMatching(/^"big" in the source changed/) as string,
  });
  expect(readdirSync(server)).toEqual(['.deploy']);
});

it('is cancelled while the server hashes what it has', async () => {
  writeFiles(server, { 'compose.yaml': 'by hand' });
  const begun = join(server, 'begun');
  replaceTool('sha256sum', `echo $$ > '${begun}'; sleep 1000`);
  const cancel = new AbortController();
  const syncing = sync(cancel.signal);
  const ended = expect(syncing).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect.poll(() => existsSync(begun), { timeout: 60_000 }).toBe(true);
  cancel.abort();
  await ended;
  expect(readFileSync(join(server, 'compose.yaml'), 'utf8')).toBe('by hand');
}, 120_000);

it.each(['packed', 'plain'])(
  'a big file is closed when the server takes no more of it (%s)',
  async (what) => {
    // Hex digits take half of their room packed; random bytes are not worth it.
    const bytes = randomBytes(17 * mebibyte);
    writeFileSync(join(workspace, 'big'), what === 'packed' ? bytes.toString('hex') : bytes);
    replaceTool('dd', 'exit 1');
    await expect(sync()).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    const openFiles = (): readonly string[] =>
      readdirSync('/proc/self/fd').flatMap((fd) => {
        try {
          return [readlinkSync(`/proc/self/fd/${fd}`)];
        } catch {
          return [];
        }
      });
    await expect.poll(openFiles, { timeout: 60_000 }).not.toContain(join(workspace, 'big'));
  },
  120_000,
);

it('content that is not what its hash says when it is unpacked ends the sync, before anything changes', async () => {
  writeFileSync(join(workspace, 'big'), big);
  replaceTool('zstd', 'cat > /dev/null; echo "zstd: data does not match checksum" >&2; exit 1');
  await expect(sync()).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringContaining('does not match checksum') as string,
  });
  expect(readdirSync(server)).toEqual(['.deploy']);
});

it('without zstd a disk that does not keep a part as it was sent is told from that', async () => {
  writeFileSync(join(workspace, 'big'), big);
  // Read back, each part begins with another byte.
  replaceTool('dd', `case $* in *skip=*) printf x ;; esac; exec ${realTool('dd')} "$@"`);
  await expect(sendWithout('zstd')).rejects.toMatchObject({ code: 'TRANSFER_DAMAGED' });
  expect(readdirSync(server)).toEqual(['.deploy']);
});

describe('a sync ends before anything changes', () => {
  const df = (blocks: number, inodes: number): void => {
    const head = 'Filesystem 1024-blocks Used Available Capacity Mounted';
    replaceTool(
      'df',
      `if [ "$1" = -Pi ]; then n=${inodes}; else n=${blocks}; fi; printf '%s\\nx 9 9 %s 9%% /\\n' '${head}' "$n"`,
    );
  };

  it.each([
    [
      'bytes',
      () => {
        df(100, 100_000);
      },
      /has 102\.4 kB free, the files need 8\.4 MB/,
    ],
    [
      'inodes',
      () => {
        df(1_000_000, 10);
      },
      /takes 10 more files \(inodes\), this needs 65/,
    ],
  ] as const)('where the server has too few free %s', async (_what, make, message) => {
    make();
    await expect(sync()).rejects.toMatchObject({ code: 'NO_SPACE', message: expect.stringMatching(message) as string });
    expect(readdirSync(server)).toEqual(['.deploy']);
    expect(readdirSync(join(server, '.deploy/staged'))).toEqual([]);
  });
});
