import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exampleMutants } from '../example-mutants.ts';
import { root } from '../workspace.ts';

it.each(exampleMutants)('the mutant "$name" of $example changes exactly one place', ({ example, file, from }) => {
  const text = readFileSync(join(root, 'examples', example, file), 'utf8');
  expect(text.split(from)).toHaveLength(2);
});
