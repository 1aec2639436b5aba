import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exampleMutants } from '../example-mutants.ts';
import { judgeMutant, readVerdicts } from '../mutant-verdict.ts';
import { root } from '../workspace.ts';

const tests = join(root, 'examples/test');

it.each(exampleMutants)(
  'the mutant "$name" of $example changes exactly one place',
  ({ example, action, file, from }) => {
    const text = readFileSync(join(root, action ?? `examples/${example}`, file), 'utf8');
    expect(text.split(from)).toHaveLength(2);
  },
);

it.each(exampleMutants)('the mutant "$name" of $example names paths of its test', ({ example, needs, foundBy }) => {
  const files = readdirSync(tests).filter((name) => name.startsWith(example) && name.endsWith('.act.test.ts'));
  const text = files.map((name) => readFileSync(join(tests, name), 'utf8')).join('\n');
  expect([...needs, foundBy].filter((path) => !text.includes(`'${path}'`))).toEqual([]);
});

it('a mutant is found by its path alone, and only from a server that is as it should be', () => {
  const mutant = { needs: ['first deploy'], foundBy: 'a bad key' };
  const judge = (first: string, key: string): string => {
    const assertionResults = [
      { status: first, title: 'first deploy → success' },
      { status: key, title: 'a bad key → failure' },
    ];
    return judgeMutant(mutant, readVerdicts({ testResults: [{ assertionResults }] }, ['first deploy', 'a bad key']));
  };
  expect(judge('passed', 'failed')).toBe('found');
  expect(judge('passed', 'passed')).toBe('SURVIVED');
  expect(judge('failed', 'failed')).toBe('UNCLEAR');
  expect(judge('passed', 'skipped')).toBe('UNCLEAR');
  expect(judgeMutant(mutant, readVerdicts({}, []))).toBe('UNCLEAR');
});
