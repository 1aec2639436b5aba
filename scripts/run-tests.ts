import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from './process.ts';
import { countTests, summarize, type TestCount } from './test-report.ts';
import { root } from './workspace.ts';

/** `npm test [-- FILTER …]`: the unit tests, the tests against the lab, the examples. The last line is `N passed, N failed`. */
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const filters = process.argv.slice(2);
/** Vitest writes into a pipe of ours and cannot see where that ends. */
const colors = process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' };
const scratch = mkdtempSync(join(tmpdir(), 'deploy-actions-tests-'));

/** Where the examples' runner is not built yet, it is built in what the other tests leave of the processors. */
async function buildRunner(): Promise<void> {
  await runProgram('nice', ['-n', '19', process.execPath, 'lab/src/cli.ts', 'act'], { cwd: root });
}

async function runProject(project: string): Promise<TestCount> {
  console.log(`\n== ${project} tests`);
  const report = join(scratch, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  if (project === 'examples') reporters.push('--reporter=./examples/test/table-reporter.ts');
  const { code } = await runProgram(
    process.execPath,
    [
      vitest,
      'run',
      '--project',
      project,
      ...(filters.length > 0 ? ['--passWithNoTests'] : []),
      ...reporters,
      ...filters,
    ],
    { cwd: root, env: { ...process.env, ...colors }, onOutput: (chunk) => process.stdout.write(chunk) },
  );
  const counted = countTests(existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {}, code);
  const skipped = counted.skipped > 0 ? `, ${counted.skipped} skipped` : '';
  console.log(`${project}: ${counted.passed} passed, ${counted.failed} failed${skipped}`);
  return counted;
}

try {
  // A build that fails is tried again, and told of, by the examples' own set-up.
  const build = filters.length > 0 ? Promise.resolve() : buildRunner();
  const counts = [await runProject('unit'), await runProject('lab')];
  await build;
  counts.push(await runProject('examples'));
  // A filter that matches nothing proves nothing.
  const isGreen = counts.every(({ failed }) => failed === 0) && counts.some(({ passed }) => passed > 0);
  process.exitCode = isGreen ? 0 : 1;
  console.log(`\n${summarize(counts)}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
