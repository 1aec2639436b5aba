import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { waitUntil } from './poll.ts';

/** Removes the emptied cgroups of containers that had no chance to clean up. */
export async function removeCgroups(name: string): Promise<void> {
  const roots = [
    '/sys/fs/cgroup',
    ...[
      'cpu',
      'cpuacct',
      'cpu,cpuacct',
      'cpuset',
      'memory',
      'devices',
      'freezer',
      'blkio',
      'pids',
      'systemd',
      'unified',
      'net_cls',
      'net_prio',
      'net_cls,net_prio',
      'perf_event',
      'hugetlb',
      'rdma',
      'misc',
    ].map((kind) => `/sys/fs/cgroup/${kind}`),
  ];
  for (const folder of roots.map((root) => join(root, name)).filter((path) => existsSync(path))) {
    await waitUntil(
      `removal of cgroup ${folder}`,
      async () => {
        await runCommand(['find', folder, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', ';'], { allowFailure: true });
        return !existsSync(folder);
      },
      5000,
    );
  }
}
