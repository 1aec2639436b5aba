import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startDaemon, stopDaemon } from '../src/daemon.ts';
import { locateLab } from '../src/paths.ts';
import { findInit, FIRST_SERVER, SSH_PORT } from '../src/server.ts';
import { writeState } from '../src/state.ts';
import { describeStatus } from '../src/status.ts';

const root = mkdtempSync(join(tmpdir(), 'lab-status-'));
const paths = locateLab({ root });

afterEach(async () => {
  await stopDaemon(paths, FIRST_SERVER.name);
  rmSync(root, { recursive: true, force: true });
});

describe('the status of a lab', () => {
  it('is told while a server boots or goes: its launcher is there, its first process is not', async () => {
    const nobody = { address: '127.0.0.1:1' };
    writeState(paths, {
      format: 1,
      id: paths.id,
      prefix: '127.0.0',
      registries: { anonymous: nobody, htpasswd: nobody, bearer: nobody },
      tokenPort: 1,
      trees: undefined,
      server: {
        ...FIRST_SERVER,
        address: '127.0.0.1',
        port: SSH_PORT,
        user: 'deploy',
        privateKeyFile: 'key',
        knownHosts: '',
        hostFingerprint: '',
        tree: root,
      },
      images: undefined,
    });
    startDaemon(paths, FIRST_SERVER.name, ['sleep', '60']);
    expect(findInit(paths, FIRST_SERVER.name)).toBeUndefined();
    expect(await describeStatus(paths)).toContain('server1: engine ?, compose ?');
  });
});
