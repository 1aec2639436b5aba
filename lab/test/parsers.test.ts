import { describe, expect, it } from 'vitest';
import { assembleImage, assembleIndex } from '../src/image.ts';
import { digestOf } from '../src/layer.ts';
import { isUsed, parseNetworks } from '../src/network.ts';
import { parseSimulation } from '../src/packages.ts';
import { parseAccessLog } from '../src/registry.ts';
import { formatTable } from '../src/status.ts';

describe('parseSimulation', () => {
  it('takes names and versions of the packages that apt would unpack', () => {
    const text = [
      'NOTE: This is only a simulation!',
      'Inst libc6 (2.36-9+deb12u13 Debian:12.13/oldstable [amd64]) []',
      'Inst openssh-server (1:9.2p1-2+deb12u10 Debian-Security:12/oldstable-security [amd64])',
      'Conf libc6 (2.36-9+deb12u13 Debian:12.13/oldstable [amd64])',
    ].join('\n');
    expect(parseSimulation(text)).toEqual([
      { name: 'libc6', version: '2.36-9+deb12u13' },
      { name: 'openssh-server', version: '1:9.2p1-2+deb12u10' },
    ]);
  });
});

describe('parseNetworks', () => {
  const used = parseNetworks(
    [
      'default via 192.0.2.1 dev eth0',
      '10.211.4.0/24 dev vpn0',
      '10.213.0.0/16 via 10.0.0.1',
      'inet 10.215.9.1/30 scope global',
      '10.0.0.0/8 via 10.0.0.1',
    ].join('\n'),
  );

  it.each(['10.211.4', '10.213.77', '10.215.9'])('finds %s taken', (prefix) => {
    expect(isUsed(prefix, used)).toBe(true);
  });

  it.each(['10.211.5', '10.212.4', '10.215.8'])(
    'finds %s free, also where a route to all of 10.0.0.0/8 exists',
    (prefix) => {
      expect(isUsed(prefix, used)).toBe(false);
    },
  );
});

describe('parseAccessLog', () => {
  it('takes requests from among the other lines of the registry', () => {
    const text = [
      'time="2026-11-21T03:09:49Z" level=warning msg="error authorizing context"',
      '10.211.0.11 - - [21/Nov/2026:03:09:49 +0000] "GET /v2/ HTTP/1.1" 401 87 "" "docker/20.10.24"',
      '10.211.0.1 - - [21/Nov/2026:03:09:50 +0000] "HEAD /v2/lab/app/manifests/latest HTTP/1.1" 200 942 "" ""',
    ].join('\n');
    expect(parseAccessLog(text)).toEqual([
      { method: 'GET', path: '/v2/', status: 401, userAgent: 'docker/20.10.24' },
      { method: 'HEAD', path: '/v2/lab/app/manifests/latest', status: 200, userAgent: '' },
    ]);
  });
});

describe('assembleImage', () => {
  const layer = { file: '/nowhere', digest: digestOf('layer'), diffId: digestOf('tar'), size: 5 };
  const recipe = { architecture: 'amd64', layers: [layer], config: { Cmd: ['/app'] }, format: 'docker' } as const;

  it('gives the same digest for the same recipe and another for another label', () => {
    const image = assembleImage(recipe);
    expect(image.digest).toBe(digestOf(image.manifest));
    expect(assembleImage(recipe).digest).toBe(image.digest);
    expect(assembleImage({ ...recipe, config: { ...recipe.config, Labels: { a: 'b' } } }).digest).not.toBe(
      image.digest,
    );
  });

  it('names the platform of each image in an index', () => {
    const images = [assembleImage(recipe), assembleImage({ ...recipe, architecture: 'arm64' })];
    const { manifests } = JSON.parse(assembleIndex(images).manifest) as { manifests: unknown[] };
    expect(manifests).toMatchObject([
      { digest: images[0]?.digest, platform: { architecture: 'amd64', os: 'linux' } },
      { digest: images[1]?.digest, platform: { architecture: 'arm64', os: 'linux' } },
    ]);
  });
});

describe('formatTable', () => {
  it('makes each column as wide as its widest cell and leaves no trailing space', () => {
    const rows = [
      ['component', 'state'],
      ['server', 'up'],
    ];
    expect(formatTable(rows)).toEqual(['component  state', 'server     up']);
  });
});
