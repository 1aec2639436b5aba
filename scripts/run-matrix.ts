import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runOnBareDebian } from './bare-debian.ts';
import { describeKillMatrix } from './kill-table.ts';
import { runOwnChecks, runOwnRelease } from './own-workflows/run.ts';
import { runProgram } from './process.ts';
import { runDemoOfRelease } from './release/fresh-clone.ts';
import { ReleaseRefusal } from './release/refusal.ts';
import { countTests, summarize, type TestCount } from './test-report.ts';
import { root } from './workspace.ts';

/**
 * `npm run test:matrix [-- FILTER …]`: every lab test of action-rolling-deploy on both engines, the faults of
 * action-sync-remote, and what else `npm test` leaves out: the whole products of faults and transitions, tests whose point a
 * cheaper one holds, the demo in a fresh clone of a release of HEAD, this repository's own workflows by act, and the setup of a
 * bare Debian. A filter is part of a file's name, or an engine.
 * Hours. A run that was stopped goes on where it was, as long as the bundle is the same: what is green already is not run
 * again. The last line is `N passed, N failed`, as of `npm test`.
 */
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
const folder = join(tmpdir(), 'deploy-actions-matrix');
const rollingDeploy = 'action-rolling-deploy';
/** Whose lab tests have such products; other actions' by name. */
const suites: Readonly<Record<string, readonly string[] | undefined>> = {
  [rollingDeploy]: undefined,
  'action-sync-remote': ['sync-crash.itg.test.ts'],
  'action-migrate': ['interruption.itg.test.ts'],
  lab: ['full-images.itg.test.ts', 'lifecycle.itg.test.ts'],
};

/** Results belong to one bundle of the action; the lab's own tests to one of the rollout, for want of another. */
function hashOf(action: string): string {
  const bundle = readFileSync(join(root, action === 'lab' ? rollingDeploy : action, 'dist/index.js'));
  return createHash('sha256').update(bundle).digest('hex').slice(0, 12);
}

function resultsOf(action: string): string {
  return join(folder, `files-${action === 'lab' ? 'lab-' : ''}${hashOf(action)}.jsonl`);
}

const engines = ['default', 'modern'] as const;
type Engine = (typeof engines)[number];

/** These choose their servers themselves. */
const onceOnly: ReadonlySet<string> = new Set([
  'engines.itg.test.ts',
  'engine-update.itg.test.ts',
  'local-host.itg.test.ts',
  'sync-crash.itg.test.ts',
  'interruption.itg.test.ts',
  'full-images.itg.test.ts',
  'lifecycle.itg.test.ts',
]);

interface FileResult extends TestCount {
  readonly file: string;
  readonly engine: Engine;
  readonly seconds: number;
}

function readResults(action: string): readonly FileResult[] {
  const results = resultsOf(action);
  const lines = existsSync(results) ? readFileSync(results, 'utf8').split('\n') : [];
  // Our own lines; a torn last one is as good as none.
  return lines.flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as FileResult] : []));
}

async function runFile(action: string, file: string, engine: Engine): Promise<FileResult> {
  console.log(`\n== ${file} on the ${engine} engine`);
  const scratch = mkdtempSync(join(tmpdir(), 'deploy-actions-tests-'));
  const report = join(scratch, 'report.json');
  const start = performance.now();
  try {
    const { code } = await runProgram(
      process.execPath,
      [
        vitest,
        'run',
        '--project',
        'lab',
        join(root, action, 'test', file),
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
      ],
      {
        cwd: root,
        env: { ...process.env, TEST_MATRIX: 'whole', LAB_ENGINE: engine, NO_COLOR: '1' },
        onOutput: (chunk) => process.stdout.write(chunk),
      },
    );
    const counted = countTests(existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {}, code);
    return { file, engine, ...counted, seconds: Math.round((performance.now() - start) / 1000) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What is no file of tests: once for HEAD, whatever the engine. Each says in its own room what it proves. */
const others: Readonly<Record<string, (log: (text: string) => void) => Promise<void>>> = {
  'demo-of-a-release': runDemoOfRelease,
  'own-checks': runOwnChecks,
  'own-release': runOwnRelease,
  'bare-debian': runOnBareDebian,
};

async function runOther(name: string, run: (log: (text: string) => void) => Promise<void>): Promise<FileResult> {
  console.log(`\n== ${name}`);
  const start = performance.now();
  let failed = 0;
  try {
    await run((text) => process.stdout.write(text));
  } catch (thrown) {
    if (!(thrown instanceof ReleaseRefusal)) throw thrown;
    console.error(`FAILED ${thrown.message}`);
    failed = 1;
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  return { file: name, engine: 'default', passed: 1 - failed, failed, skipped: 0, seconds };
}

/** `file  default: 12 passed (80 s)  modern: …` for every file. */
function describeResults(all: readonly FileResult[]): readonly string[] {
  return [...new Set(all.map(({ file }) => file))].map((file) => {
    const cells = all
      .filter((one) => one.file === file)
      .map(({ engine, passed, failed, seconds }) => {
        const red = failed > 0 ? `, ${failed} FAILED` : '';
        return `${engine}: ${passed} passed${red} (${seconds} s)`;
      });
    return `${file.replace('.itg.test.ts', '').padEnd(24)}${cells.join('   ')}`;
  });
}

mkdirSync(folder, { recursive: true });
const isEngine = (word: string): boolean => engines.some((engine) => engine === word);
const asked = process.argv.slice(2);
const filters = asked.filter((word) => !isEngine(word));
const askedEngines = engines.filter((engine) => asked.includes(engine) || !asked.some(isEngine));
const wanted = Object.entries(suites).flatMap(([action, only]) =>
  readdirSync(join(root, action, 'test'))
    .filter((file) => file.endsWith('.itg.test.ts') && only?.includes(file) !== false)
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .sort()
    .flatMap((file) =>
      askedEngines
        .filter((engine) => engine === 'default' || !onceOnly.has(file))
        .map((engine) => ({ action, file, engine })),
    ),
);
const final: FileResult[] = [];
for (const { action, file, engine } of wanted) {
  const green = readResults(action).find(
    (one) => one.file === file && one.engine === engine && one.failed === 0 && one.passed > 0,
  );
  const result = green ?? (await runFile(action, file, engine));
  if (green === undefined) appendFileSync(resultsOf(action), `${JSON.stringify(result)}\n`);
  final.push(result);
}
for (const [name, run] of Object.entries(others)) {
  if (filters.length === 0 || filters.some((filter) => name.includes(filter))) final.push(await runOther(name, run));
}
const hash = hashOf(rollingDeploy);
for (const engine of askedEngines) {
  const cells = join(folder, `kill-${engine}-${hash}.jsonl`);
  if (!existsSync(cells)) continue;
  console.log(`\nKill matrix on the ${engine} engine\n${describeKillMatrix(readFileSync(cells, 'utf8')).join('\n')}`);
}
console.log(`\nbundle ${hash}, results in ${folder}\n${describeResults(final).join('\n')}\n\n${summarize(final)}`);
// A filter that matches nothing proves nothing.
process.exitCode = final.length > 0 && final.every(({ passed, failed }) => failed === 0 && passed > 0) ? 0 : 1;
