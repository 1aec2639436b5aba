import { describe, expect, it } from 'vitest';
import { parseDockerFacts, parseSystemFacts, type CheckupFacts } from '../src/checkup/checkup-facts.ts';
import { assessCheckup, type Check, type CheckupPlace } from '../src/checkup/checkup.ts';
import { checkupLines, renderCheckup } from '../src/checkup/checkup-summary.ts';

const gigabyte = 1024 ** 3;
const room = { totalBytes: 40 * gigabyte, freeBytes: 20 * gigabyte, freeInodesPercent: 90 };
const docker = {
  engine: '26.1.5',
  platform: 'linux/amd64',
  compose: '2.26.1',
  rootDir: '/var/lib/docker',
  room,
  containers: [],
};
const facts = (overrides: Partial<CheckupFacts> = {}): CheckupFacts => ({
  system: 'Debian GNU/Linux 13 (trixie) x86_64',
  user: 'deploy',
  groups: ['deploy', 'docker'],
  missingTools: [],
  folder: 'writable',
  folderRoom: room,
  memory: { totalBytes: 4 * gigabyte, availableBytes: 3 * gigabyte, swapBytes: 0 },
  hostKeys: ['ssh-ed25519 AAAAC3'],
  clockAheadSeconds: 0,
  docker,
  ...overrides,
});
const place: CheckupPlace = { knownHostName: '[web1]:2222', deployPath: '/srv/api', acceptsAnyHostKey: false };

const containing = (text: string): unknown => expect.stringContaining(text);

function check(name: string, overrides: Partial<CheckupFacts>): Check | undefined {
  return assessCheckup(facts(overrides), place).checks.find((each) => each.name === name);
}

describe('a checkup', () => {
  it('finds nothing to do on a server that is ready, and gives the line for known-hosts', () => {
    const checkup = assessCheckup(facts(), place);
    expect(checkup.checks.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(checkup.knownHosts).toEqual(['[web1]:2222 ssh-ed25519 AAAAC3']);
    expect(checkupLines(checkup).at(-1)).toBe('Ready for a deploy. Nothing was changed.');
  });

  it('has no lines for known-hosts on the runner itself', () => {
    expect(assessCheckup(facts(), { ...place, knownHostName: undefined }).knownHosts).toEqual([]);
  });

  it('warns of a host key that nobody compared', () => {
    const { checks } = assessCheckup(facts(), { ...place, acceptsAnyHostKey: true });
    expect(checks[0]).toMatchObject({ verdict: 'warn', next: containing('unsafe-accept-any-host-key') });
  });

  it.each([
    ['sh: 1: docker: not found', 'docs.docker.com'],
    ['permission denied while trying to connect to the Docker daemon socket', 'usermod -aG docker deploy'],
    ['Cannot connect to the Docker daemon at unix:///var/run/docker.sock.', 'systemctl enable --now docker'],
    ['something else', 'docker version'],
  ])('says what to do where Docker says %j', (refusal, next) => {
    expect(check('Docker', { docker: { refusal } })).toMatchObject({
      verdict: 'fail',
      observed: refusal,
      next: containing(next),
    });
    expect(check('Proxy', { docker: { refusal } })?.verdict).toBe('warn');
  });

  it.each([
    ['2.20.0', 'ok'],
    ['5.0.0', 'ok'],
    ['2.19.1', 'fail'],
    ['1.29.2', 'fail'],
    ['', 'fail'],
  ])('judges Compose %j as %s', (compose, verdict) => {
    expect(check('Compose', { docker: { ...docker, compose } })?.verdict).toBe(verdict);
  });

  it.each([
    ['missing', 'install -d -o deploy -m 755 /srv/api'],
    ['not-writable', 'chown deploy /srv/api'],
    ['no-folder', 'deploy-path'],
  ] as const)('says what to do with a deploy path that is %s', (folder, next) => {
    expect(check('Deploy path', { folder })).toMatchObject({ verdict: 'fail', next: containing(next) });
  });

  it('fails where no image fits, by bytes or by inodes, and warns where few do', () => {
    const small = { ...room, freeBytes: 0.5 * gigabyte };
    expect(check('Disk for images', { docker: { ...docker, room: small } })?.verdict).toBe('fail');
    expect(check('Disk for files', { folderRoom: { ...room, freeBytes: 2 * gigabyte } })?.verdict).toBe('warn');
    expect(check('Disk for files', { folderRoom: { ...room, freeInodesPercent: 3 } })?.observed).toContain('3 %');
    expect(check('Disk for files', { folderRoom: { ...room, freeInodesPercent: undefined } })?.verdict).toBe('ok');
    expect(check('Disk for files', { folderRoom: undefined })?.verdict).toBe('warn');
  });

  it('warns of little memory, of none that is known, and of programs that are missing', () => {
    const memory = { totalBytes: gigabyte, availableBytes: 0.1 * gigabyte, swapBytes: 0 };
    expect(check('Memory', { memory })).toMatchObject({
      verdict: 'warn',
      observed: containing('no swap'),
    });
    expect(check('Memory', { memory: undefined })?.verdict).toBe('warn');
    expect(check('Programs', { missingTools: ['flock'] })?.verdict).toBe('ok');
    expect(check('Programs', { missingTools: ['tar', 'flock'] })).toMatchObject({
      verdict: 'fail',
      observed: 'missing: tar',
    });
  });

  it.each([
    [3, 'ok'],
    [-60, 'warn'],
    [600, 'fail'],
  ] as const)('judges a clock that is %i s ahead as %s', (clockAheadSeconds, verdict) => {
    expect(check('Clock', { clockAheadSeconds })?.verdict).toBe(verdict);
  });

  it.each([
    ['haproxy:3.0', '0.0.0.0:80->80/tcp', 'ok', 'runtime API'],
    ['nginx:1.30', '', 'ok', 'reloaded'],
    ['traefik:v3', '0.0.0.0:443->443/tcp', 'warn', 'cannot be told'],
    ['acme/own-edge:1', '0.0.0.0:80->8080/tcp', 'warn', 'cannot be told'],
    ['postgres:17', '127.0.0.1:5432->5432/tcp', 'ok', 'none runs in Docker yet'],
  ] as const)('judges %s with ports %j as %s', (image, ports, verdict, observed) => {
    const containers = [{ name: 'edge', image, ports }];
    expect(check('Proxy', { docker: { ...docker, containers } })).toMatchObject({
      verdict,
      observed: containing(observed),
    });
  });
});

describe('what the server said', () => {
  const said = [
    ...['@time', '1005', '@system', 'Debian GNU/Linux 13 (trixie) x86_64', '@user', 'deploy'],
    ...['@groups', 'deploy docker', '@missing', 'flock', '@folder', 'missing', '@room', '2000 1000', '100 25'],
    ...[
      '@memory',
      'MemTotal: 4000',
      'MemAvailable: 3000',
      'SwapTotal: 0',
      '@keys',
      'ssh-rsa AAAA',
      'ssh-ed25519 BBBB',
      '',
    ],
  ].join('\n');

  it('is read part by part', () => {
    expect(parseSystemFacts(said, 1004.5, 1005.5)).toEqual({
      system: 'Debian GNU/Linux 13 (trixie) x86_64',
      user: 'deploy',
      groups: ['deploy', 'docker'],
      missingTools: ['flock'],
      folder: 'missing',
      folderRoom: { totalBytes: 2_048_000, freeBytes: 1_024_000, freeInodesPercent: 25 },
      memory: { totalBytes: 4_096_000, availableBytes: 3_072_000, swapBytes: 0 },
      hostKeys: ['ssh-rsa AAAA', 'ssh-ed25519 BBBB'],
      clockAheadSeconds: 0,
    });
  });

  it.each([
    [995, 996, 9],
    [1004, 1030, 0],
    [1005.9, 1006, 0],
    [1065, 1066, -60],
  ])('a clock that says 1005 between %d and %d is %i s ahead', (before, after, ahead) => {
    expect(parseSystemFacts(said, before, after).clockAheadSeconds).toBe(ahead);
  });

  it('of Docker is its versions and containers, or why it refuses', () => {
    const stdout = [
      ...['@engine', '26.1.5 linux/amd64', '@compose', 'v2.26.1', '@root', '/var/lib/docker', '@room', '9 8', '10 0'],
      ...['@containers', 'edge\tnginx:1.30\t0.0.0.0:80->80/tcp', ''],
    ].join('\n');
    expect(parseDockerFacts({ code: 0, stdout, stderr: '' })).toEqual({
      ...{ engine: '26.1.5', platform: 'linux/amd64', compose: '2.26.1', rootDir: '/var/lib/docker' },
      room: { totalBytes: 9 * 1024, freeBytes: 8 * 1024, freeInodesPercent: 0 },
      containers: [{ name: 'edge', image: 'nginx:1.30', ports: '0.0.0.0:80->80/tcp' }],
    });
    expect(parseDockerFacts({ code: 1, stdout: '@engine\npermission denied\n', stderr: '' })).toEqual({
      refusal: 'permission denied',
    });
    expect(parseDockerFacts({ code: 1, stdout: '', stderr: '' })).toEqual({ refusal: 'docker gave no answer' });
  });
});

it('the summary shows each check, what to do, and the lines to paste, with foreign text escaped', () => {
  const containers = [{ name: 'a|b', image: 'traefik', ports: '' }];
  const summary = renderCheckup(assessCheckup(facts({ docker: { ...docker, containers } }), place), 'deploy@web1');
  expect(summary).toContain('### 🩺 Checkup of deploy@web1');
  expect(summary).toContain('Ready, with 1 thing to look at.');
  expect(summary).toContain('| ⚠️ | Proxy | a\\|b (traefik)');
  expect(summary).toContain('[web1]:2222 ssh-ed25519 AAAAC3');
});
