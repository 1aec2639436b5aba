import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { publishedFolder } from '../examples/test/team.ts';
import { openLab } from '../lab/src/index.ts';
import { bundleAction } from './bundle.ts';
import { exampleMutants, type ExampleMutant } from './example-mutants.ts';
import setUp from './examples-setup.ts';
import { judgeMutant, readVerdicts, type Verdicts } from './mutant-verdict.ts';
import { runProgram } from './process.ts';
import { root } from './workspace.ts';

/**
 * `node scripts/mutate-examples.ts [FILTER]`: takes one "Must" after another out of the examples' workflows, or a feature
 * out of an action, and runs the path that must find it, after the paths that it needs. Before that, for each example, the
 * same paths as they are: they must be green. Nothing of this clone is changed: a workflow is mutated in the copy that a
 * test works on (EXAMPLE_MUTANT), an action in a copy that is bundled for it (EXAMPLE_ACTIONS). A filter is part of
 * `example: name`. Prints a table; exits 1 when a mutant survives.
 */
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const AS_IT_IS = 'none';

/** Runs some paths of an example's test; by path, whether it was green. */
async function runPaths(
  example: string,
  paths: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Verdicts> {
  const folder = mkdtempSync(join(tmpdir(), 'mutant-'));
  const report = join(folder, 'report.json');
  const pattern = paths.map((path) => path.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  const files = ['--project', 'examples', `examples/test/${example}`, '-t', `(${pattern}) →`];
  const args = [vitest, 'run', ...files, '--reporter=json', `--outputFile=${report}`];
  try {
    const { output } = await runProgram(process.execPath, args, {
      cwd: root,
      env: { ...process.env, NO_COLOR: '1', ...env },
    });
    const text = readFileSync(report, { encoding: 'utf8', flag: 'a+' });
    if (text === '') console.log(output);
    return readVerdicts(text === '' ? {} : JSON.parse(text), paths);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tryMutant(mutant: ExampleMutant, published: string): Promise<string> {
  const { action, example, name, needs, foundBy } = mutant;
  const paths = [...needs, foundBy];
  if (action === undefined) return judgeMutant(mutant, await runPaths(example, paths, { EXAMPLE_MUTANT: name }));
  const folder = mkdtempSync(join(tmpdir(), 'mutant-actions-'));
  try {
    cpSync(published, folder, { recursive: true });
    await bundleMutant(action, mutant, join(folder, action, 'dist'));
    const env = { EXAMPLE_MUTANT: AS_IT_IS, EXAMPLE_ACTIONS: folder };
    return judgeMutant(mutant, await runPaths(example, paths, env));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Below this clone, so that the copy finds the packages of the clone. */
async function bundleMutant(action: string, { file, from, to }: ExampleMutant, dist: string): Promise<void> {
  const cache = join(root, '.cache');
  mkdirSync(cache, { recursive: true });
  const copy = mkdtempSync(join(cache, 'mutant-'));
  try {
    cpSync(join(root, 'tsconfig.base.json'), join(copy, 'tsconfig.base.json'));
    cpSync(join(root, action), join(copy, action), { recursive: true, filter: (path) => !path.endsWith('/dist') });
    // The kit is that of the clone.
    const settings = join(copy, action, 'tsconfig.json');
    writeFileSync(
      settings,
      readFileSync(settings, 'utf8').replace('"rootDir": ".."', `"rootDir": ${JSON.stringify(root)}`),
    );
    const path = join(copy, action, file);
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(from, () => to),
    );
    await bundleAction(join(copy, action), dist);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const filter = process.argv[2] ?? '';
await setUp();
const published = publishedFolder(await openLab());
const chosen = exampleMutants.filter(({ name, example }) => `${example}: ${name}`.includes(filter));
const rows: string[] = [];
let survivors = 0;
for (const example of new Set(chosen.map((mutant) => mutant.example))) {
  const mutants = chosen.filter((mutant) => mutant.example === example);
  const paths = [...new Set(mutants.flatMap(({ needs, foundBy }) => [...needs, foundBy]))];
  const asItIs = await runPaths(example, paths, { EXAMPLE_MUTANT: AS_IT_IS });
  const red = paths.filter((path) => asItIs.get(path) !== 'green');
  console.log(red.length === 0 ? `green as it is: ${example}` : `RED AS IT IS: ${example}: ${red.join('; ')}`);
  for (const mutant of mutants) {
    const verdict = red.length === 0 ? await tryMutant(mutant, published) : 'UNCLEAR';
    console.log(`${verdict.padEnd(8)} ${example}: ${mutant.name}`);
    rows.push(`| ${example} | ${mutant.action ?? mutant.file} | ${mutant.name} | ${mutant.foundBy} | ${verdict} |`);
    if (verdict !== 'found') survivors += 1;
  }
}
const head = [
  '| Example | Where | What is taken out | Path that must find it | Seen |',
  '| --- | --- | --- | --- | --- |',
];
console.log(`\n${[...head, ...rows].join('\n')}\n\n${chosen.length - survivors} of ${chosen.length} found`);
// A filter that matches nothing proves nothing.
process.exitCode = survivors === 0 && chosen.length > 0 ? 0 : 1;
