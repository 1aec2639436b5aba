import { describe, expect, it } from 'vitest';
import { inputReader } from '../../src/action/inputs.ts';
import { redact, secretLines } from '../../src/action/secrets.ts';
import { block, cell, code, table } from '../../src/action/markdown.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';

const read = (inputs: Record<string, string>, env: Record<string, string> = {}): ReturnType<typeof inputReader> =>
  inputReader(fakeRunner(inputs, env));

describe('inputs', () => {
  it('win over their environment variable, which wins over nothing', () => {
    expect(read({ host: ' web1 ' }, { DEPLOY_HOST: 'web2' }).required('host', { env: 'DEPLOY_HOST' })).toBe('web1');
    expect(read({ host: '' }, { DEPLOY_HOST: 'web2' }).required('host', { env: 'DEPLOY_HOST' })).toBe('web2');
  });

  it('that are required and empty name themselves and their variable', () => {
    expect(() => read({}).required('host', { env: 'DEPLOY_HOST' })).toThrow('input `host` is required and was empty');
  });

  it.each([
    ['a boolean', () => read({ x: 'yes' }).flag('x'), 'true or false'],
    ['an integer', () => read({ x: '10m' }).integer('x', { min: 1, max: 9 }), 'a whole number from 1 to 9'],
    ['an integer in range', () => read({ x: '70000' }).integer('x', { min: 1, max: 65535 }), 'from 1 to 65535'],
    ['a choice', () => read({ x: 'fast' }).oneOf('x', ['plan', 'deploy']), 'one of: plan, deploy'],
    ['a duration with its unit', () => read({ x: '20' }).duration('x'), 'not a duration'],
  ])('that must be %s are refused with the value quoted', (_what, act, message) => {
    expect(act).toThrow(message);
    expect(act).toThrow('input `x`');
  });

  it('of several lines skip blank ones and comments', () => {
    expect(read({ images: '\n web=a \r\n# not this\n\nb=c\n' }).lines('images')).toEqual(['web=a', 'b=c']);
  });
});

describe('secrets', () => {
  const key = '-----BEGIN KEY-----\n  abcdef\r\nxyz1234\n}\n';

  it('are masked line by line, trimmed too, and never as a fragment that would blank the whole log', () => {
    expect(secretLines(key)).toEqual(['-----BEGIN KEY-----', '  abcdef', 'abcdef', 'xyz1234']);
    expect(secretLines(' s3cr3t ')).toContain('s3cr3t');
  });

  it('are masked before their value is handed out', () => {
    const runner = fakeRunner({ key });
    inputReader(runner).secret('key');
    expect(runner.masks).toContain('abcdef');
  });

  it('disappear from a text with all their lines', () => {
    expect(redact('said: abcdef and xyz1234', [key])).toBe('said: *** and ***');
  });
});

describe('Markdown of the summary', () => {
  it('cannot be broken out of by foreign text', () => {
    expect(cell('a|b\n<img src=x>*')).toBe('a\\|b &lt;img src=x&gt;\\*');
    expect(code('a`b')).toBe('`` a`b ``');
    expect(block(['```', 'x'])).toBe('````text\n```\nx\n````\n');
  });

  it('is a table with a separator line', () => {
    expect(table(['A', 'B'], [['1', '2']])).toBe('| A | B |\n| --- | --- |\n| 1 | 2 |\n');
  });
});
