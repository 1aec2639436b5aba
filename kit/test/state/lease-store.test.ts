import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localHost } from '../../src/host/local-host.ts';
import { parseDeployPath, type DeployPath } from '../../src/state/deploy-path.ts';
import { acquireLease, type LeaseOptions } from '../../src/state/lease-store.ts';
import { systemClock } from '../../src/time/clock.ts';

let folder: string;
let deployPath: DeployPath;
const path = process.env['PATH'] ?? '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lease-store-'));
  deployPath = parseDeployPath(folder);
  mkdirSync(join(folder, '.deploy'));
  mkdirSync(join(folder, 'bin'));
});

afterEach(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true, force: true });
});

/** A `flock` in front of the machine's: BusyBox's has the options -s, -x, -u and -n, and says no to any other. */
function useBusyboxFlock(): void {
  const script = `#!/bin/sh
for word; do case $word in -[sxun]|[0-9]) ;; *) echo "flock: unrecognized option: $word" >&2; exit 1 ;; esac; done
PATH='${path}' exec flock "$@"
`;
  writeFileSync(join(folder, 'bin/flock'), script);
  chmodSync(join(folder, 'bin/flock'), 0o755);
  process.env['PATH'] = `${join(folder, 'bin')}:${path}`;
}

function options(id: string): LeaseOptions {
  const identity = { repository: 'acme/api', runId: id, runAttempt: 1, job: 'deploy' };
  return {
    host: localHost(),
    deployPath,
    owner: { id, ...identity, actor: id, runUrl: `https://github.example/${id}`, commit: '' },
    clock: systemClock,
    waitMs: 0,
    ttlSeconds: 600,
    signal: new AbortController().signal,
    onWait: () => undefined,
  };
}

describe('the lease on a server whose flock is BusyBox’s', () => {
  it('is taken by one of five that ask at once, and released', async () => {
    useBusyboxFlock();
    const asked = await Promise.allSettled('abcde'.split('').map((id) => acquireLease(options(id))));
    const taken = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(taken).toHaveLength(1);
    for (const one of asked) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'LOCKED' });
    await taken[0]?.release();
    expect(() => readFileSync(join(folder, '.deploy/lease.json'))).toThrow('ENOENT');
  });
});

describe('an expired lease whose one-off still runs', () => {
  const begun = async (id: string): Promise<void> => {
    await acquireLease({ ...options(id), ttlSeconds: 0 });
  };

  it('is not taken over, and the message names the container', async () => {
    await begun('76');
    const asked = acquireLease({ ...options('77'), runningWork: () => Promise.resolve(['shop-migrate-76-1-1']) });
    await expect(asked).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('whose shop-migrate-76-1-1 still runs on the server') as string,
    });
  });

  it('is taken over once it has ended, and at once by a later attempt of its own run', async () => {
    await begun('76');
    await expect(acquireLease({ ...options('77'), runningWork: () => Promise.resolve([]) })).resolves.toMatchObject({
      isNew: true,
    });
    const later = options('77');
    const again = { ...later, owner: { ...later.owner, id: '77b', runAttempt: 2 } };
    await expect(acquireLease({ ...again, runningWork: () => Promise.resolve(['x']) })).resolves.toMatchObject({
      isNew: true,
    });
  });
});
