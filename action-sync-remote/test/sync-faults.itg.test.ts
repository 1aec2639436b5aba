import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useSync } from './sync-fixture.ts';

const here = useSync('sync-faults');
const { onServer, sync, write } = here;

/** Path → content of everything in deploy-path but `.deploy`. */
function look(): Promise<string> {
  return onServer(
    'cd "$1"; find . -path ./.deploy -prune -o -type f -print | sort | while read -r f; do echo "$f: $(cat "$f" | cut -c1-40)"; done',
  );
}

const secret = 'DB_PASSWORD=hunter2-very-secret\nMODE=live\n';

describe('the env file', () => {
  it('is staged with its set, goes live with it, private and with the pins of the last rollout; no word of it is said', async () => {
    write({ 'compose.yaml': 'v1' });
    await onServer(
      'printf "OLD=1\\n# >>> deploy-actions: x\\nAPI=pinned\\n# <<< deploy-actions\\n" > "$1/.env"; chown deploy "$1/.env"',
    );
    const staged = await sync({ 'env-file-content': secret });
    expect(staged).toMatchObject({ outcome: 'success', outputs: { 'env-changed': 'true' } });
    expect(await onServer('cat "$1/.env"')).toContain('OLD=1');
    const again = await sync({ 'env-file-content': secret });
    expect(again.outputs['release-id']).toBe(staged.outputs['release-id']);
    const live = await sync({ 'env-file-content': secret, activate: 'now' });
    expect(live.outcome).toBe('success');
    expect(await onServer('cat "$1/.env"')).toBe(
      `${secret}# >>> deploy-actions: x\nAPI=pinned\n# <<< deploy-actions\n`,
    );
    expect(await onServer('stat -c %a "$1/.env"')).toBe('600\n');
    const unchanged = await sync({ 'env-file-content': secret });
    expect(unchanged.outputs).toMatchObject({ 'env-changed': 'false', 'bytes-sent': '0' });
    for (const { log, summary, outputs } of [staged, again, live, unchanged])
      expect(`${log}${summary}${JSON.stringify(outputs)}`).not.toContain('hunter2');
    // Only in the env file: nothing of it is left in what the sync keeps.
    expect(await onServer('grep -rl hunter2 "$1" || true')).toBe(`${here.deployPath}/.env\n`);
  });

  it('must be on the server when this step brings none, and must be a file', async () => {
    write({ 'compose.yaml': 'v1' });
    expect((await sync({ 'env-file': 'prod.env' })).outputs['error-code']).toBe('ENV_FILE_MISSING');
    await onServer('ln -s /etc/hostname "$1/prod.env"');
    expect((await sync({ 'env-file': 'prod.env', 'env-file-content': 'A=1' })).outputs['error-code']).toBe(
      'ENV_FILE_UNUSABLE',
    );
    expect(await onServer('ls -A "$1/.deploy/staged"')).toBe('');
  });
});

it('a mirror deletes what nobody protects, and keeps what a container has mounted; a mounted file is named', async () => {
  write({ 'compose.yaml': 'services: {}\n# ./uploads:/x', 'web.conf': 'one' });
  await sync({ activate: 'now' });
  await onServer(
    'cd "$1"; mkdir data uploads keep; for f in data/db uploads/a keep/k old .env; do echo x > $f; done; chown -R deploy .',
  );
  const image = here.lab.reference('anonymous', here.lab.images.app.repository, here.lab.images.app.v1.digest);
  const name = `sync-faults-${process.pid}`;
  await here.lab.server.docker([
    'run',
    '-d',
    '--name',
    name,
    '-v',
    `${here.deployPath}/data:/data`,
    '-v',
    `${here.deployPath}/web.conf:/web.conf`,
    image,
  ]);
  try {
    write({ 'web.conf': 'two' });
    const plan = await sync({ delete: 'mirror', protect: 'keep/', 'dry-run': 'true' });
    expect(plan.log).toContain('- old');
    expect(plan.log).toContain(`! data (mounted by ${name}: 1 file(s))`);
    expect(plan.log).toContain('! keep/k (protected)');
    const { outputs, log } = await sync({ delete: 'mirror', protect: 'keep/', activate: 'now' });
    expect(outputs).toMatchObject({ 'deleted-files': 'old', 'changed-files': 'web.conf' });
    expect(log).toContain(`web.conf is mounted by itself into ${name}`);
    expect(await onServer('cd "$1"; ls -A; ls data uploads keep')).toBe(
      '.deploy\n.env\ncompose.yaml\ndata\nkeep\nuploads\nweb.conf\ndata:\ndb\n\nkeep:\nk\n\nuploads:\na\n',
    );
  } finally {
    await here.lab.server.docker(['rm', '-f', name]);
  }
});

it('ends before anything changes where the disk is too small, and works again when there is room', async () => {
  await onServer(
    'truncate -s 24M "$1.img"; mkfs.ext4 -q "$1.img" 2>/dev/null; mount -o loop "$1.img" "$1"; chown deploy "$1"',
  ).catch(async () => onServer('mount -t tmpfs -o size=20m,uid=1000 none "$1"'));
  try {
    write({ 'compose.yaml': 'v1' });
    await sync({ activate: 'now' });
    write({ 'compose.yaml': 'v2', big: 'x'.repeat(30_000_000) });
    const tooSmall = await sync({ activate: 'now' });
    expect(tooSmall.outputs['error-code']).toBe('NO_SPACE');
    expect(await look()).toBe('./compose.yaml: v1\n');
    rmSync(join(here.workspace, 'big'));
    write({ 'compose.yaml': 'v3' });
    // As an interrupted sync of a big file leaves it: in the way of this one, which does not have that file any more.
    const stale = `.deploy/parts/${'a'.repeat(64)}`;
    await onServer(
      'd=$1/$2; mkdir -p "$d/marks-32"; head -c 12000000 /dev/zero > "$d/data"; : > "$d/marks-32/0"; chown -R deploy "$1/.deploy/parts"',
      stale,
    );
    write({ middle: 'y'.repeat(4_000_000) });
    expect(await sync({ activate: 'now' })).toMatchObject({ outcome: 'success' });
    expect(await look()).toBe(`./compose.yaml: v3\n./middle: ${'y'.repeat(40)}\n`);
  } finally {
    await onServer('umount -l "$1"; rm -f "$1.img"');
  }
});

it('lets one of two syncs wait for the other, and the last one stands', async () => {
  write({ 'compose.yaml': 'v1', ballast: 'x'.repeat(2_000_000) });
  const both = await Promise.all([sync({ activate: 'now' }), sync({ activate: 'now' })]);
  expect(both.map(({ outcome }) => outcome)).toEqual(['success', 'success']);
  expect(await look()).toContain('./compose.yaml: v1\n');
  expect(await onServer('ls -A "$1/.deploy/staged"')).toBe('');
});
