import { describe, expect, it } from 'vitest';
import { parseServerFacts } from '@deploy-actions/kit/plan/server-facts';

/** Recorded in the lab (engine 20.10, cgroup v1), shortened; the dry run is Compose 2.40.3's. */
const recorded = `## memory
MemTotal 24682416
MemAvailable 22764608
SwapFree 0
## containers
acbc 16371712 0000000100004602 0000000000000000 /null node
c01d 536576 0000000000010002 0000000000000000 /null sh
45f1 16809984 0000000000000000 0000000000000000 /null docker-init
77aa - 0000000000004002 0000000000000000 /"SIGQUIT" nginx
88bb 100 - - host/null node
## stats
77aa 52.5MiB / 23.54GiB
## images
sha256:3048 133979110
## disks
deploy-path 76755908 16777216 16243848 /srv/a b
images 76755908 0 0 /var/lib/docker
## networks
{"Name":"shop_edge","Driver":"bridge","IPAM":{"Driver":"default","Options":null,"Config":[{"Subnet":"172.30.181.0/24","Gateway":"172.30.181.1"}]},"Internal":false,"Attachable":false,"Options":{},"Labels":{"com.docker.compose.network":"edge"}}
## volumes

{"CreatedAt":"2026-11-21T05:56:47Z","Driver":"local","Labels":{"com.docker.compose.volume":"data"},"Name":"shop_data","Options":null,"Scope":"local"}
## compose
 DRY-RUN MODE -  Container shop-app-1  Stopping
 DRY-RUN MODE -  Container shop-app-1  Stopped
 DRY-RUN MODE -  Network shop_edge  Removed
Volume "shop_data" exists but doesn't match configuration in compose file. Recreate (data will be lost)? DRY-RUN MODE -  Container shop-app-1  Running
`;

describe('what the server says', () => {
  const facts = parseServerFacts(recorded);

  it('is memory in bytes', () => {
    expect(facts.memory).toEqual({ total: 24682416 * 1024, available: 22764608 * 1024, swapFree: 0 });
  });

  it('is what each container uses, from docker stats where the cgroup was not readable', () => {
    expect(facts.containers['acbc']?.memory).toBe(16371712);
    expect(facts.containers['77aa']?.memory).toBe(52.5 * 1024 * 1024);
  });

  it.each([
    ['acbc', 'SIGTERM', true],
    ['c01d', 'SIGTERM', false],
    ['45f1', 'SIGTERM', true],
    ['77aa', 'SIGQUIT', false],
  ])('is whether the first process of %s hears %s: %s', (id, stopSignal, hearsStopSignal) => {
    expect(facts.containers[id]?.first).toMatchObject({ stopSignal, hearsStopSignal });
  });

  it('is nothing about a process that is not number 1 of its own space', () => {
    expect(facts.containers['88bb']?.first).toBeUndefined();
  });

  it('is room in bytes and files, where files are counted', () => {
    expect(facts.disks).toEqual([
      { role: 'deploy-path', path: '/srv/a b', free: 76755908 * 1024, freeFiles: 16243848 },
      { role: 'images', path: '/var/lib/docker', free: 76755908 * 1024, freeFiles: undefined },
    ]);
  });

  it('is networks and volumes, and which of them Compose would make anew', () => {
    expect(facts.networks[0]).toMatchObject({ name: 'shop_edge', subnets: ['172.30.181.0/24'], options: {} });
    expect(facts.volumes).toEqual([
      { name: 'shop_data', driver: 'local', options: {}, labels: { 'com.docker.compose.volume': 'data' } },
    ]);
    expect(facts.remade).toEqual({ networks: ['shop_edge'], volumes: ['shop_data'] });
  });

  it('may be nothing at all', () => {
    expect(parseServerFacts('')).toMatchObject({ memory: undefined, disks: [], networks: [] });
  });
});
