import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { backupBench } from './backup.ts';
import { chainBench } from './chain.ts';
import { gateBench } from './gate.ts';
import { migrateBench } from './migrate.ts';
import { rolloutBench } from './rollout.ts';
import { formatRows, type Bench } from './row.ts';
import { startBench } from './start.ts';
import { syncBench } from './sync.ts';
import { verifyBench } from './verify.ts';

const benches: readonly Bench[] = [
  backupBench,
  startBench,
  chainBench,
  rolloutBench,
  gateBench,
  syncBench,
  verifyBench,
  migrateBench,
];

function listBenches(): string {
  return [
    'usage: npm run bench -- NAME [--json FILE]',
    '       npm run bench -- sync [--quick] [--runs N] [--only REGEX] [--json FILE]',
    '       npm run bench -- rollout [--docker-rollout PATH] [--quick] [--runs N] [--only REGEX] [--json FILE]',
    '',
    ...benches.map(({ name, about }) => `  ${name.padEnd(8)} ${about}`),
  ].join('\n');
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      runs: { type: 'string' },
      only: { type: 'string' },
      'docker-rollout': { type: 'string' },
    },
  });
  const [name, ...rest] = positionals;
  const bench = benches.find((candidate) => candidate.name === name);
  if (bench === undefined || rest.length > 0) {
    if (name !== undefined) print(`no bench is named ${positionals.join(' ')}`);
    print(listBenches());
    return 2;
  }
  const startedAt = new Date().toISOString();
  const { rows, versions } = await bench.run((text) => process.stderr.write(`  ${text}\n`), {
    isQuick: values.quick,
    runs: values.runs === undefined ? undefined : Math.max(1, Math.trunc(Number(values.runs)) || 1),
    only: values.only,
    dockerRollout: values['docker-rollout'],
  });
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
  print(`\n${bench.name}: ${bench.about}\n\n${formatRows(rows)}\n`);
  for (const [party, version] of Object.entries(versions)) print(`  ${party}: ${version}`);
  if (values.json !== undefined)
    await writeFile(
      values.json,
      `${JSON.stringify({ bench: bench.name, startedAt, machine, versions, rows }, null, 2)}\n`,
    );
  return rows.every((row) => row.met !== false) ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
