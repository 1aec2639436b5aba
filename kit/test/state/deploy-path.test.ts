import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseDeployPath, systemFunction } from '../../src/state/deploy-path.ts';

const accepted = [
  '/srv/my-app',
  '/srv/a b',
  '/opt/app',
  '/home/deploy/app',
  '/root/app',
  '/var/www/app',
  '/var/app/current',
  '/var/lib/app',
  '/usr/local/app',
  '/data/app',
  '/tmp/app',
  '/etc/docker/compose/app',
];
const refused = [
  '/',
  '/bin',
  '/etc',
  '/etc/nginx/conf.d',
  '/etc/docker',
  '/etc/docker/compose',
  '/home',
  '/home/deploy',
  '/proc/1',
  '/root',
  '/run',
  '/srv',
  '/usr/bin',
  '/usr/local/bin/x',
  '/usr/share/nginx/html',
  '/var/lib',
  '/var/lib/docker/volumes/x/_data',
  '/var/log',
];

describe('a deploy path', () => {
  it.each(accepted)('may be %s', (path) => {
    expect(parseDeployPath(`${path}/`)).toBe(path);
  });

  it.each([...refused, '//', '/my-app', '/data/'])('may not be %s', (path) => {
    expect(() => parseDeployPath(path)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });

  it('is judged alike on the server, where a link may lead elsewhere', () => {
    const script = `${systemFunction}for path; do if is_system "$path"; then echo refused; else echo accepted; fi; done`;
    const judge = (paths: readonly string[]): string =>
      execFileSync('sh', ['-c', script, 'sh', ...paths], {
        encoding: 'utf8',
        env: { ...process.env, HOME: '/nowhere' },
      });
    expect(judge(accepted)).toBe('accepted\n'.repeat(accepted.length));
    expect(judge(refused)).toBe('refused\n'.repeat(refused.length));
  });
});
