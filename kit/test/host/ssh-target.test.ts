import { describe, expect, it } from 'vitest';
import { inputReader } from '../../src/action/inputs.ts';
import { hasHostTarget, readHostTarget, type HostTarget } from '../../src/host/connect.ts';
import { fingerprintOf } from '../../src/host/host-key.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { hostKeyPair, publicBlob, userKeyPair } from './ssh-server.ts';

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
    [{ 'ssh-private-key': '' }, /input `ssh-private-key` is required/],
    [{ 'known-hosts': '' }, /input `known-hosts` or `host-fingerprint` is required/],
    [{ 'known-hosts': `web2 ${line}` }, /input `known-hosts` has no line for web1\.$/],
    [{ 'known-hosts': `[web1]:2222 ${line}` }, /has no line for web1\. It has one for port 2222/],
    [{ port: '2222' }, /has no line for \[web1\]:2222\. It has one for port 22;/],
    [{ 'known-hosts': `@cert-authority * ${line}` }, /only covered by a @cert-authority line/],
    [{ 'known-hosts': `@revoked * ${line}` }, /only revoke/],
    [{ 'known-hosts': 'garbage' }, /input `known-hosts`: line 1/],
    [
      { 'host-fingerprint': '16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48' },
      /input `host-fingerprint`.*not a SHA256 fingerprint/,
    ],
    [{ 'host-fingerprint': `256 ${fingerprintOf(hostKey)} root@web1 (ED25519)` }, /"256" is not a SHA256 fingerprint/],
    [{ 'jump-host': 'bastion' }, /`known-hosts` has no line for bastion/],
    [
      { 'jump-host': 'bastion', 'known-hosts': '', 'host-fingerprint': fingerprintOf(hostKey) },
      /`jump-host` needs `known-hosts`/,
    ],
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

  it('tell how to get a line for known-hosts', () => {
    expect(() => read({ 'known-hosts': '', port: '2222' })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('ssh-keyscan -p 2222 web1') as string }),
    );
  });
});
