import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../src/command.ts';
import type { CommandResult } from '../src/command.ts';
import { openLab } from '../src/index.ts';
import type { Lab } from '../src/index.ts';

let lab: Lab;
let folder: string;
const project = 'lab-local-test';

/** Compose as an action with `host: local` calls it: a program of this machine. */
function compose(...args: readonly string[]): Promise<CommandResult> {
  const env = {
    PATH: `${lab.local.bin}:${process.env['PATH'] ?? ''}`,
    DOCKER_HOST: lab.local.dockerHost,
    DOCKER_CONFIG: join(folder, 'docker-config'),
  };
  return runCommand(['docker', 'compose', '-p', project, ...args], { cwd: folder, env });
}

beforeAll(async () => {
  lab = await openLab();
  mkdirSync(lab.local.folder, { recursive: true });
  folder = mkdtempSync(join(lab.local.folder, 'local-test-'));
  chmodSync(folder, 0o755);
  const image = lab.reference('anonymous', lab.images.app.repository, lab.images.app.v1.digest);
  const service = { image, volumes: ['./greeting:/greeting:ro'], command: ['cat', '/greeting'] };
  writeFileSync(join(folder, 'compose.yaml'), JSON.stringify({ services: { once: service } }));
  writeFileSync(join(folder, 'greeting'), 'hello from this machine\n');
});

afterAll(async () => {
  await compose('down', '-v');
  rmSync(folder, { recursive: true });
});

describe('the local engine', () => {
  it('runs Compose from this machine with any DOCKER_CONFIG, and mounts files of the shared folder', async () => {
    expect((await compose('run', '--rm', 'once')).stdout).toContain('hello from this machine');
  });
});

describe('name look-ups in a container', () => {
  it('fail at once for names that nobody has', async () => {
    const image = lab.reference('anonymous', lab.images.app.repository, lab.images.app.v1.digest);
    // The fastest of five: one may meet a moment in which the machine stands still.
    const script = `(async () => {
      const seen = [];
      for (let n = 0; n < 5; n++) {
        const t = Date.now();
        const { code } = await require('dns').promises.lookup('nobody' + n + '.example').catch((e) => e);
        seen.push([code, Date.now() - t]);
      }
      console.log(...seen.sort((a, b) => a[1] - b[1])[0]);
    })()`;
    const network = `${project}-dns`;
    await lab.server.docker(['network', 'create', network], { allowFailure: true });
    const { stdout } = await lab.server.docker([
      'run',
      '--rm',
      '--network',
      network,
      image,
      '/usr/bin/node',
      '-e',
      script,
    ]);
    await lab.server.docker(['network', 'rm', network]);
    const [code, milliseconds] = stdout.split(' ');
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(code);
    expect(Number(milliseconds)).toBeLessThan(4000);
  });
});
