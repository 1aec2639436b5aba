import { inputReader } from '@deploy-actions/kit/action/inputs';
import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { describe, expect, it } from 'vitest';
import { loadInputs } from '../src/inputs.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const base = {
  host: 'local',
  'deploy-path': '/srv/shop',
  service: 'migrate',
  'run-timeout': '15m',
  'lock-wait': '15m',
  'start-dependencies': 'true',
  reversible: 'auto',
  lint: 'error',
  preflight: 'require',
  backup: 'auto',
  'backup-keep': '5',
  'backup-compress': '1',
  'backup-timeout': '30m',
  'lock-timeout': '5s',
  'statement-timeout': '15m',
  'lock-retries': '3',
};
const load = (overrides: Readonly<Record<string, string>> = {}) =>
  loadInputs(inputReader(fakeRunner({ ...base, ...overrides })));

describe('loadInputs', () => {
  it('reads commands line by line, without comments', () => {
    const { commands } = load({ commands: '# first\npython manage.py migrate\n\n  check --deploy\n' });
    expect(commands.map(({ argv }) => argv)).toEqual([
      ['python', 'manage.py', 'migrate'],
      ['check', '--deploy'],
    ]);
  });

  it("takes the service's own command where none is given", () => {
    expect(load().commands).toEqual([{ text: '', argv: [] }]);
  });

  it('reads images as digests', () => {
    expect(load({ images: `API_IMAGE=ghcr.io/acme/api@${digest}` }).pins).toEqual([
      { kind: 'env', name: 'API_IMAGE', ref: `ghcr.io/acme/api@${digest}` },
    ]);
  });

  it.each<readonly [string, Readonly<Record<string, string>>, string]>([
    ['a tag', { images: 'api=ghcr.io/acme/api:v1' }, 'input `images`'],
    ['no service', { service: '' }, 'input `service` is required'],
    ['a service that looks like an option', { service: '--help' }, 'input `service`: "--help"'],
    ['a shell operator', { commands: 'ok\na && b' }, 'input `commands`, command 2'],
    ['too many commands', { commands: 'a\n'.repeat(51) }, '51 commands'],
    ['two pending checks', { 'pending-check': 'a\nb' }, 'input `pending-check`'],
    ['a time without unit', { 'run-timeout': '900' }, 'input `run-timeout`'],
    ['no time at all', { 'run-timeout': '0' }, 'input `run-timeout`'],
    ['half of the credentials', { 'registry-username': 'ann' }, 'input `registry-password`'],
    ['a word for a flag', { reversible: 'yes' }, 'input `reversible`'],
    ['a system folder', { 'deploy-path': '/etc' }, 'input `deploy-path`'],
  ])('refuses %s, naming the input', (_name, overrides, words) => {
    expect(() => load(overrides)).toThrow(words);
  });

  it('masks the registry password', () => {
    const runner = fakeRunner({ ...base, 'registry-username': 'ann', 'registry-password': 'hunter22' });
    loadInputs(inputReader(runner));
    expect(runner.masks).toContain('hunter22');
  });
});
