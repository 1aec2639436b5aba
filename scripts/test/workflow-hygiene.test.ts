import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { record } from '../metadata.ts';
import { readIdentity } from '../release/identity.ts';
import { root } from '../workspace.ts';

const workflows = globSync(['.github/workflows/*.yml', 'examples/*/.github/workflows/*.yml'], { cwd: root }).sort();
const { slug } = readIdentity();

test('there are workflows to look at', () => {
  expect(workflows.length).toBeGreaterThan(1);
});

test.each(workflows)('%s starts without permissions and pins foreign actions by commit', (file) => {
  const text = readFileSync(join(root, file), 'utf8');
  expect(record(parse(text))['permissions']).toEqual({});
  const foreign = [...text.matchAll(/uses: (\S+)(.*)/g)].filter(
    ([, reference]) => !reference?.startsWith(`${slug}/`) && !reference?.startsWith(`${slug}@`),
  );
  const loose = foreign.filter(([line]) => !/uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line));
  expect(loose.map(([line]) => line)).toEqual([]);
});

test.each(workflows)('%s lets no expression become shell text', (file) => {
  const { jobs } = record(parse(readFileSync(join(root, file), 'utf8')));
  const scripts = Object.values(record(jobs)).flatMap((job) => {
    const { steps } = record(job);
    return Array.isArray(steps) ? steps.map((step) => record(step)['run']) : [];
  });
  expect(scripts.filter((script) => typeof script === 'string' && script.includes('${{'))).toEqual([]);
});
