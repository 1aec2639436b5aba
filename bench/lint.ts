import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { loadActionMetadata } from '../lab/src/runner/action-metadata.ts';
import { inputVariables } from '../lab/src/runner/environment.ts';
import { LEAST_RUNS, makeRow, median, type Row } from './row.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const bundle = join(root, 'action-migrate', 'dist');
const RUNS = 9;
/** A whole step: process, bundle, worker, parser, ten files, its error. */
const COLD_TARGET_MS = 500;
const WARM_TARGET_MS = 50;

/** Migrations as people write them: half of them safe. */
function makeFiles(): readonly string[] {
  return Array.from({ length: 10 }, (_, at) =>
    [
      `-- migration ${at}`,
      `CREATE TABLE t${at} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now());`,
      `CREATE INDEX t${at}_name ON t${at} (name);`,
      ...Array.from({ length: 12 }, (__, n) => `INSERT INTO t${at} (name) VALUES ('a${n}'), ('b${n}'), ('c${n}');`),
      `ALTER TABLE orders ADD COLUMN c${at} text;`,
      at % 2 === 0
        ? `CREATE INDEX orders_c${at} ON orders (c${at});`
        : `UPDATE orders SET c${at} = 'x' WHERE id < 100;`,
      `DO $$ BEGIN IF NOT EXISTS (SELECT FROM t${at}) THEN INSERT INTO t${at} (name) VALUES ('x'); END IF; END $$;`,
    ].join('\n'),
  );
}

/** squawk's program for this platform; undefined where npm has none. */
function findSquawk(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve('@squawk-cli/linux-x64/bin/squawk');
  } catch {
    return undefined;
  }
}

function timeProcess(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  isGood: (output: string) => boolean,
): Promise<number> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.once('error', reject);
    child.once('close', () => {
      if (isGood(output)) resolve(performance.now() - startedAt);
      else reject(new RangeError(`${argv.join(' ')} did not do what is measured: ${output.slice(0, 400)}`));
    });
  });
}

async function repeat(measure: () => Promise<number>): Promise<number | null> {
  const times: number[] = [];
  // The first one only warms the file cache.
  for (let run = 0; run <= Math.max(RUNS, LEAST_RUNS); run++) {
    const ms = await measure();
    if (run > 0) times.push(ms);
  }
  return median(times);
}

/** Ten files in a worker that runs already. */
async function measureWarm(texts: readonly string[]): Promise<number | null> {
  const worker = new Worker(join(bundle, 'sql-review', 'index.js'), { env: {}, workerData: {} });
  const next = (): Promise<void> =>
    new Promise((resolve, reject) => {
      worker.removeAllListeners('error').once('error', reject);
      worker.once('message', () => {
        resolve();
      });
    });
  try {
    await next();
    return await repeat(async () => {
      const startedAt = performance.now();
      for (const [at, text] of texts.entries()) {
        worker.postMessage({ path: `${at}.sql`, text, runs: 'by-itself' });
        await next();
      }
      return performance.now() - startedAt;
    });
  } finally {
    await worker.terminate();
  }
}

/** The inputs of a step that is refused by the review, the rest as action.yml has it: it never dials. */
async function stepInputs(workspace: string): Promise<Readonly<Record<string, string>>> {
  const { inputs } = await loadActionMetadata(join(root, 'action-migrate'));
  const given = { host: 'local', 'deploy-path': workspace, service: 'app', 'lint-files': '*.sql' };
  const byDefault = Object.fromEntries([...inputs].map(([name, input]) => [name, input.default ?? '']));
  return { GITHUB_WORKSPACE: workspace, ...inputVariables({ ...byDefault, ...given }) };
}

/** The review of ten files, cold (the whole step) and warm, next to squawk. */
export async function benchLint(say: (text: string) => void): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'lint-bench-'));
  try {
    const texts = makeFiles();
    const files = texts.map((_, at) => join(folder, `${at}.sql`));
    await Promise.all(files.map((file, at) => writeFile(file, texts[at] ?? '')));
    const squawk = findSquawk();
    const peerName = squawk === undefined ? 'squawk (not installed)' : 'squawk 2.66 binary';
    say('lint: squawk, 10 files');
    const peer =
      squawk === undefined
        ? null
        : await repeat(() =>
            timeProcess([squawk, ...files], {}, (out) => out.includes('require-concurrent-index-creation')),
          );
    say('lint: the whole step, 10 files');
    const env = await stepInputs(folder);
    const cold = await repeat(() =>
      timeProcess([process.execPath, join(bundle, 'index.js')], env, (out) => out.includes('SQL review: ')),
    );
    say('lint: a warm worker, 10 files');
    const warm = await measureWarm(texts);
    const row = { metric: 'lint_10_files_ms', peer, peerName };
    return [
      makeRow({ ...row, case: 'cold: process, bundle, parser, findings', ours: cold, target: COLD_TARGET_MS }),
      makeRow({ ...row, case: 'warm: worker and parser loaded', ours: warm, target: WARM_TARGET_MS }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
