import { afterAll, expect, it } from 'vitest';
import type { ExtraServer } from '../../lab/src/index.ts';
import { useSync } from './sync-fixture.ts';

/** A server of its own, with Debian 13's programs: what troubles it must trouble nobody else. */
let own: ExtraServer;
const here = useSync(
  'sync-troubled',
  async (lab) => (own = await lab.startServer({ name: 'sync-troubled', engine: 'debian-13', fresh: true })),
);
const { onServer, startJob, write } = here;

afterAll(async () => {
  await own.stop();
});

const look = (): Promise<string> =>
  onServer('cd "$1"; find . -path ./.deploy -prune -o -type f -print | LC_ALL=C sort | xargs sha256sum | sha256sum');

it('a dockerd that hangs keeps no sync from going live; the lease, which may be a one-off’s, is left to expire', async () => {
  write({ 'compose.yaml': 'v1' });
  await here.sync({ activate: 'now' });
  write({ 'compose.yaml': 'v2' });
  await own.signalDockerd('STOP');
  try {
    const job = await startJob();
    const { outcome, log } = await job.step({ uses: 'action-sync-remote', with: { activate: 'now' } });
    const { posts } = await job.finish();
    expect(outcome).toBe('success');
    expect(log).toContain('Docker does not answer: whether a container has a changed file');
    expect(await onServer('cat "$1/compose.yaml"')).toBe('v2');
    expect(posts.map((post) => post.outcome)).toEqual(['success']);
    expect(posts[0]?.log).toContain('the lease is left to expire');
    expect(await onServer('ls "$1/.deploy/lease.json"')).toContain('lease.json');
  } finally {
    await own.signalDockerd('CONT');
  }
});

/** Packets get lost in both directions; both go over one slow line. What it takes away is gone with the server. */
const roughLine = `
lose='-m statistic --mode random --probability 0.1 -j DROP'
iptables -I INPUT -p tcp --dport 22 $lose
iptables -I OUTPUT -p tcp --sport 22 $lose
tc qdisc add dev eth0 root tbf rate 4mbit burst 32kbit latency 400ms`;
const smoothLine = 'iptables -F INPUT; iptables -F OUTPUT; tc qdisc del dev eth0 root';

it.each(['ssh2', 'openssh'])(
  'a line that loses a tenth of its packets and is slow: by %s the set arrives whole',
  async (transport) => {
    const files = Object.fromEntries(
      Array.from({ length: 200 }, (_, at) => [`f/${at % 20}/${at}`, `${at} `.repeat(200)] as const),
    );
    write({ ...files, 'compose.yaml': 'v1', big: 'z'.repeat(500_000) });
    await own.exec(['sh', '-ec', roughLine]);
    try {
      expect(await here.sync({ activate: 'now', transport })).toMatchObject({ outcome: 'success' });
      const first = await look();
      write({ 'compose.yaml': 'v2', 'f/1/1': 'changed' });
      const second = await here.sync({ activate: 'now', transport });
      expect(second).toMatchObject({ outcome: 'success', outputs: { 'changed-files': 'compose.yaml\nf/1/1' } });
      expect(await look()).not.toBe(first);
      expect((await here.sync({ activate: 'now', transport })).log).toContain('Unchanged');
      const { stdout } = await own.exec(['sh', '-c', "iptables -vxnL | awk '/DROP/ && / statistic / { print $1 }'"]);
      expect(
        stdout
          .trim()
          .split('\n')
          .map((dropped) => Number(dropped) > 0),
      ).toEqual([true, true]);
    } finally {
      await own.exec(['sh', '-c', smoothLine]);
    }
  },
);
