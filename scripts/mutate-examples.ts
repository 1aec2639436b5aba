import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { exampleMutants, type ExampleMutant } from './example-mutants.ts';
import { runProgram } from './process.ts';
import { root } from './workspace.ts';

/**
 * `node scripts/mutate-examples.ts [FILTER]`: takes one "Must" after another out of the examples' workflows and runs
 * their tests. Each must turn red by a test that failed, not by a set-up that did. The mutation is made in the copy that
 * a test works on (EXAMPLE_MUTANT), never in this clone. Exits 1 when a mutant survives.
 */
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const filter = process.argv[2] ?? '';

async function isFound({ name, example }: ExampleMutant): Promise<boolean> {
  const args = [vitest, 'run', '--project', 'examples', `examples/test/${example}`, '--bail=1', '--reporter=verbose'];
  const env = { ...process.env, EXAMPLE_MUTANT: name, NO_COLOR: '1' };
  const { code, output } = await runProgram(process.execPath, args, { cwd: root, env });
  const red = /^ *× .*$/m.exec(output)?.[0].trim();
  console.log(
    `${code !== 0 && red !== undefined ? 'found   ' : 'SURVIVED'} ${example}: ${name}\n         ${red ?? ''}`,
  );
  return code !== 0 && red !== undefined;
}

let survivors = 0;
for (const mutant of exampleMutants.filter(({ name, example }) => `${example}: ${name}`.includes(filter))) {
  if (!(await isFound(mutant))) survivors += 1;
}
console.log(`${survivors} survived`);
process.exitCode = survivors === 0 ? 0 : 1;
