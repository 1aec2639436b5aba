import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { composePart } from '../../src/compose/compose-cli.ts';
import type { Host } from '../../src/host/host.ts';
import { parseDeployPath } from '../../src/state/deploy-path.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pins-'));
  mkdirSync(join(folder, '.deploy'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the pins of one Compose command', () => {
  it.each(['SIGTERM', 'SIGHUP'] as const)('are gone when %s stops it', async (signal) => {
    // Stands for Compose only in that it runs until it is told to stop.
    writeFileSync(join(folder, 'docker'), '#!/bin/sh\necho running\nexec sleep 2020\n');
    chmodSync(join(folder, 'docker'), 0o755);
    const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
    const settings = {
      deployPath: parseDeployPath(folder),
      composeFiles: [],
      profiles: [],
      envFile: undefined,
      projectName: undefined,
    };
    // The part is only made: no host is asked.
    const host: Pick<Host, 'name'> = { name: 'nowhere' };
    const { source, args = [] } = composePart(
      { host: host as Host, settings, baseDir: folder, pins: [] },
      { composeFiles: [], envFiles: [] },
      ['up'],
    );
    const command = spawn('sh', ['-c', source, 'sh', ...args], { detached: true, env });
    await once(command.stdout, 'data');
    expect(leftovers()).toHaveLength(1);
    const ended = once(command, 'exit');
    process.kill(-(command.pid ?? 0), signal);
    await ended;
    expect(leftovers()).toEqual([]);
  });
});

function leftovers(): readonly string[] {
  return readdirSync(join(folder, '.deploy')).filter((name) => name.startsWith('tmp-'));
}
