import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fakeRunner, type FakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startServer, userKeyPair, type TestServer } from '../../kit/test/host/ssh-server.ts';
import { run } from '../src/main.ts';
import { makeFolder, writeFiles } from './source-fixture.ts';

const mebibyte = 1024 * 1024;
/** Parts of 16, 16 and 1 MiB, each with a content of its own. */
const big = Buffer.concat([1, 2, 3].map((fill) => Buffer.alloc(fill === 3 ? mebibyte : 16 * mebibyte, fill)));

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
  const defaults = { source: '.', delete: 'managed', activate: 'now', 'dry-run': 'false', 'lock-wait': '0' };
  const login = { host: '127.0.0.1', port: String(ssh.port), user: 'deploy', 'ssh-private-key': userKeyPair.private };
  const pin = { 'known-hosts': `[127.0.0.1]:${ssh.port} ssh-ed25519 ${ssh.hostKey.toString('base64')}` };
  const runner = fakeRunner(
    { ...defaults, ...login, ...pin, 'deploy-path': server },
    { GITHUB_WORKSPACE: workspace, GITHUB_RUN_ID: '1', GITHUB_SHA: 'a'.repeat(40), GITHUB_REPOSITORY: 'o/r' },
  );
  await run({ runner, signal });
  return runner;
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
  it('goes on with the parts that are there, and sends those again that are not what they should be', async () => {
    writeFileSync(join(workspace, 'big'), big);
    await interruptBehindParts();
    const [folder = ''] = readdirSync(parts());
    // As if it had been cut in the middle of the second one.
    writeFileSync(join(parts(), folder, 'marks/16'), '0'.repeat(64));
    const runner = await sync();
    expect(runner.lines.join('\n')).toContain('17.8 MB are there already, from an interrupted sync');
    expect(Number(runner.outputs.get('bytes-sent'))).toBe(16 * mebibyte + 'v1'.length);
    expect(readFileSync(join(server, 'big')).equals(big)).toBe(true);
    expect(existsSync(parts())).toBe(false);
  });

  it('needs no room for the parts that are there', async () => {
    writeFileSync(join(workspace, 'big'), big);
    await interruptBehindParts();
    // Room for a third of it: 20 MiB.
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

it('a disk that does not keep a part as it was sent is told from that', async () => {
  writeFileSync(join(workspace, 'big'), big);
  // Read back, each part begins with another byte.
  replaceTool('dd', `case $* in *skip=*) printf x ;; esac; exec ${realTool('dd')} "$@"`);
  await expect(sync()).rejects.toMatchObject({ code: 'TRANSFER_DAMAGED' });
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
