import { describe, expect, it } from 'vitest';
import { inputReader } from '../../src/action/inputs.ts';
import { hasHostTarget, readHostTarget, type HostTarget } from '../../src/host/connect.ts';
import { fingerprintOf } from '../../src/host/host-key.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { makeEd25519Pair } from './key-pairs.ts';
import { hostKeyPair, publicBlob, userKey, userKeyPair } from './ssh-server.ts';

const hostKey = publicBlob(hostKeyPair.private);
const line = `ssh-ed25519 ${hostKey.toString('base64')}`;
const good = {
  host: 'web1',
  port: '22',
  user: 'deploy',
  'ssh-private-key': userKeyPair.private,
  'known-hosts': `web1 ${line}`,
};
const read = (changes: Readonly<Record<string, string>>): HostTarget =>
  readHostTarget(inputReader(fakeRunner({ ...good, ...changes })));

describe('the SSH inputs', () => {
  it('make a target', () => {
    expect(read({})).toMatchObject({
      kind: 'ssh',
      host: 'web1',
      port: 22,
      user: 'deploy',
      hostKeys: { pins: [{ type: 'ssh-ed25519', key: hostKey }] },
    });
  });

  it('fall back on the variables of the job', () => {
    const runner = fakeRunner(
      {},
      {
        DEPLOY_HOST: 'web1',
        DEPLOY_PORT: '2222',
        DEPLOY_USER: 'deploy',
        DEPLOY_SSH_PRIVATE_KEY: userKeyPair.private,
        DEPLOY_HOST_FINGERPRINT: fingerprintOf(hostKey),
        DEPLOY_PROXY_COMMAND: 'nc %h %p',
      },
    );
    expect(readHostTarget(inputReader(runner))).toMatchObject({
      host: 'web1',
      port: 2222,
      proxyCommand: ['nc', 'web1', '2222'],
    });
  });

  it('use port 22 when none is given', () => {
    expect(read({ port: '' })).toMatchObject({ port: 22 });
  });

  it('name the runner itself by `local`, and need nothing else then', () => {
    expect(readHostTarget(inputReader(fakeRunner({ host: 'local' })))).toEqual({ kind: 'local' });
    expect(hasHostTarget(inputReader(fakeRunner({})))).toBe(false);
  });

  it('accept addresses, IPv6 with and without brackets', () => {
    const pinned = { 'known-hosts': '', 'host-fingerprint': fingerprintOf(hostKey) };
    expect(read({ host: '2001:db8::1', ...pinned })).toMatchObject({ host: '2001:db8::1' });
    expect(read({ host: '[2001:db8::1]', ...pinned })).toMatchObject({ host: '2001:db8::1' });
    expect(read({ host: '192.0.2.1', ...pinned })).toMatchObject({ host: '192.0.2.1' });
  });

  it('take a chain of jump hosts, each with its own pinned key', () => {
    const knownHosts = `web1 ${line}\n[far]:2222 ${line}\nnear ${line}`;
    expect(read({ 'jump-host': 'ops@near, far:2222', 'known-hosts': knownHosts })).toMatchObject({
      host: 'web1',
      jump: { host: 'far', port: 2222, user: 'deploy', jump: { host: 'near', port: 22, user: 'ops' } },
    });
  });

  it('mask every line of key and passphrase', () => {
    const runner = fakeRunner({ ...good, 'ssh-passphrase': 'open sesame' });
    readHostTarget(inputReader(runner));
    expect(runner.masks).toEqual(expect.arrayContaining([...userKeyPair.private.trim().split('\n'), 'open sesame']));
  });

  it.each([
    [{ host: '' }, /input `host` is required/],
    [{ host: 'deploy@web1' }, /input `host`: "deploy@web1" contains a user/],
    [{ host: 'ssh://web1' }, /is a URL/],
    [{ host: 'web1/srv' }, /contains a path/],
    [{ host: '-oProxyCommand=id' }, /begins with a hyphen/],
    [{ host: 'web1 web2' }, /more than one word/],
    [{ host: 'web1,web2' }, /more than one word/],
    [{ host: 'web1\nweb2' }, /more than one word/],
    [{ host: 'web1:22' }, /contains a port/],
    [{ host: '[2001:db8::1]:22' }, /contains a port/],
    [{ host: '$(id)' }, /not a host name/],
    [{ host: 'wéb' }, /not a host name/],
    [{ host: '..' }, /not a host name/],
    [{ port: '0' }, /input `port`: "0" is not a whole number from 1 to 65535/],
    [{ port: '65536' }, /input `port`/],
    [{ port: '22x' }, /input `port`/],
    [{ user: '' }, /input `user` is required/],
    [{ user: 'de;ploy' }, /input `user`: "de;ploy"/],
    [{ user: '-l root' }, /input `user`/],
    [{ user: 'a b' }, /input `user`/],
    [{ 'ssh-private-key': '' }, /input `ssh-private-key` is required and was empty, and no agent runs/],
    [{ transport: 'ssh' }, /input `transport`: "ssh" is not one of: auto, ssh2, openssh/],
    [{ 'unsafe-accept-any-host-key': 'yes', 'known-hosts': '' }, /"yes" is not true or false/],
    [{ 'unsafe-accept-any-host-key': 'true' }, /is true, but `known-hosts`/],
    [
      { 'unsafe-accept-any-host-key': 'true', 'known-hosts': '', 'host-fingerprint': fingerprintOf(hostKey) },
      /is true, but `host-fingerprint`/,
    ],
    [
      {
        'jump-host': 'web1,web1,web1',
        'jump-ssh-private-key': makeEd25519Pair().private + makeEd25519Pair().private,
      },
      /`jump-ssh-private-key` holds 2 keys for 3 jump hosts/,
    ],
    [{ 'known-hosts': `web2 ${line}` }, /input `known-hosts` has no line for web1\.$/],
    [{ 'known-hosts': `[web1]:2222 ${line}` }, /has no line for web1\. It has one for port 2222/],
    [{ port: '2222' }, /has no line for \[web1\]:2222\. It has one for port 22;/],
    [{ 'known-hosts': `@revoked * ${line}` }, /only revoke/],
    [{ 'known-hosts': 'garbage' }, /input `known-hosts`: line 1/],
    [
      { 'host-fingerprint': '16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48' },
      /input `host-fingerprint`.*not a SHA256 fingerprint/,
    ],
    [{ 'host-fingerprint': `256 ${fingerprintOf(hostKey)} root@web1 (ED25519)` }, /"256" is not a SHA256 fingerprint/],
    [{ 'jump-host': 'bastion' }, /`known-hosts` has no line for bastion/],
    [{ 'jump-host': 'ssh://bastion' }, /input `jump-host`/],
    [{ 'jump-host': 'bastion:70000' }, /input `jump-host`/],
    [{ 'jump-host': 'web1,,web1' }, /input `jump-host`/],
    [{ 'jump-host': '-x', 'known-hosts': `* ${line}` }, /input `jump-host`: "-x" begins with a hyphen/],
    [{ 'jump-host': 'web1', 'proxy-command': 'nc %h %p' }, /`jump-host` and `proxy-command` are both given/],
    [{ 'proxy-command': 'nc "%h' }, /input `proxy-command`/],
  ])('refuse %j', (changes, message) => {
    expect(() => read(changes)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringMatching(message) as string }),
    );
  });

  it('trust nothing where nothing is given: the server is asked which key it has', () => {
    expect(read({ 'known-hosts': '' })).toMatchObject({ hostKeys: { pins: [], fingerprints: [], revoked: [] } });
  });

  it('trust a certificate authority that known-hosts names', () => {
    expect(read({ 'known-hosts': `@cert-authority web* ${line}` })).toMatchObject({
      hostKeys: { pins: [], authorities: [hostKey] },
    });
  });

  it('accept any host key only where the step says so', () => {
    const runner = fakeRunner(
      { ...good, 'known-hosts': '' },
      { DEPLOY_UNSAFE_ACCEPT_ANY_HOST_KEY: 'true', DEPLOY_TRANSPORT: 'openssh' },
    );
    expect(readHostTarget(inputReader(runner))).toMatchObject({
      transport: 'openssh',
      hostKeys: expect.not.objectContaining({ acceptsAny: true }) as unknown,
    });
    expect(read({ 'known-hosts': '', 'unsafe-accept-any-host-key': 'true' })).toMatchObject({
      hostKeys: { acceptsAny: true },
    });
  });

  it('take the agent where no key is given, and what ssh_config says where there is none either', () => {
    const { 'ssh-private-key': _, ...others } = good;
    const agent = fakeRunner(others, { SSH_AUTH_SOCK: '/run/agent' });
    expect(readHostTarget(inputReader(agent))).toMatchObject({ credential: { kind: 'agent', socket: '/run/agent' } });
    const given = fakeRunner(good, { SSH_AUTH_SOCK: '/run/agent' });
    expect(readHostTarget(inputReader(given))).toMatchObject({ credential: { kind: 'key' } });
    expect(read({ 'ssh-private-key': '', transport: 'openssh' })).toMatchObject({ credential: { kind: 'system' } });
  });

  it('give each jump host its own key, or all of them one, or the key of the server', () => {
    const pairs = [makeEd25519Pair('open sesame'), makeEd25519Pair()] as const;
    const lines = pairs.map((pair) => pair.public.split(' ').slice(0, 2).join(' '));
    const knownHosts = ['web1', 'far', 'near'].map((name) => `${name} ${line}`).join('\n');
    const jump = (key: string): object => ({
      'jump-host': 'near,far',
      'known-hosts': knownHosts,
      'jump-ssh-private-key': key,
      'jump-ssh-passphrase': 'open sesame',
    });
    const publicLines = (target: HostTarget): readonly string[] => {
      const found: string[] = [];
      for (let hop = target.kind === 'ssh' ? target : undefined; hop !== undefined; hop = hop.jump)
        found.unshift(hop.credential.kind === 'key' ? hop.credential.key.publicLine : '');
      return found;
    };
    const main = userKey.publicLine;
    expect(publicLines(read({ ...jump(`${pairs[0].private}\n${pairs[1].private}`) }))).toEqual([...lines, main]);
    expect(publicLines(read({ ...jump(pairs[1].private) }))).toEqual([lines[1], lines[1], main]);
    expect(publicLines(read({ ...jump('') }))).toEqual([main, main, main]);
    expect(() => read({ ...jump('hunter2') })).toThrow(/input `jump-ssh-private-key`: the value does not begin/);
  });
});
