import { inputReader } from '@deploy-actions/kit/action/inputs';
import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { describe, expect, it } from 'vitest';
import { normalizeEnv, readEnvFile, secretValues } from '../src/env-file.ts';

const read = (inputs: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) =>
  readEnvFile(inputReader(fakeRunner(inputs, env)));

describe('the env file of a sync', () => {
  it('is .env when only its content is given, and none without both inputs', () => {
    expect(read({ 'env-file-content': 'A=1' })).toEqual({ path: '.env', content: 'A=1\n' });
    expect(read({})).toBeUndefined();
    expect(read({}, { DEPLOY_ENV_FILE: 'conf/prod.env' })).toEqual({ path: 'conf/prod.env', content: undefined });
  });

  it.each(['/etc/environment', '../.env', 'a/../../.env', '.deploy/env', 'a:b', 'a\\b', 'a//b', '.git/config'])(
    'is refused at %s',
    (path) => {
      expect(() => read({ 'env-file': path })).toThrow(/input `env-file`/);
    },
  );
});

describe('the content of an env file', () => {
  it('gets the line ends of Unix and one at its end', () => {
    expect(normalizeEnv('\uFEFFA=1\r\nB=2\r\n\r\n')).toBe('A=1\nB=2\n');
  });

  it('loses the block that a rollout wrote into the file that it was copied from', () => {
    expect(normalizeEnv('A=1\n# >>> deploy-actions: x\nCOMPOSE_FILE=y\n# <<< deploy-actions\nB=2')).toBe('A=1\nB=2\n');
  });

  it('may be all that Compose reads: comments, export, names alone, colons, quotes over several lines', () => {
    const text = '# c\n\nexport A=1\nB\nC: 2\nKEY="-----BEGIN\nno=name here\n\\"-----END"\nD=\'x # y\'\nE=it\'s\n';
    expect(normalizeEnv(text)).toBe(text);
  });

  it.each([
    ['A=1\nB="open\nC=3', /line 2 opens a value with " that nothing closes/],
    ["A='x", /line 1 opens/],
    ['A=1\n2B=1', /line 2 is not NAME=value/],
    ['A=1\0', /line 1 holds a NUL/],
    ['A=1\rB=2', /line 1 holds a NUL or a carriage return/],
    ['-----BEGIN KEY-----', /line 1 is not NAME=value/],
  ])('is refused: %j, and the error says no word of it', (text, message) => {
    expect(() => normalizeEnv(text)).toThrow(message);
    expect(() => normalizeEnv(text)).not.toThrow(/KEY-----/);
  });

  it('has values to mask where the name says so', () => {
    expect(
      secretValues('DB_PASSWORD="hunter22"\nMODE=production\nAPI_KEY=abc\nDATABASE_URL=postgres://u:p@h/d'),
    ).toEqual(['hunter22', 'postgres://u:p@h/d']);
  });

  it.each([
    ['TOKEN=hunter22 # rotate in May', 'hunter22'],
    ['TOKEN="hunter 22" # rotate', 'hunter 22'],
    ["TOKEN='hunter#22'\t# rotate", 'hunter#22'],
    ['TOKEN=hunter#22', 'hunter#22'],
    ['TOKEN="hunter\\"22"', 'hunter\\"22'],
  ])('has its value masked without what follows it: %s', (line, value) => {
    expect(secretValues(line)).toContain(value);
  });
});
