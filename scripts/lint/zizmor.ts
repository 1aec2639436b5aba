import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryDownload } from '../../lab/src/download.ts';
import { createLog } from '../../lab/src/log.ts';
import { record } from '../metadata.ts';
import { runProgram } from '../process.ts';
import { root } from '../workspace.ts';
import type { Finding } from './finding.ts';
import { writeDocuments, type LintDocument } from './lint-document.ts';

const requirements = join(import.meta.dirname, 'zizmor.txt');

/** zizmor's offline audits over workflows and action.yml files. Rejects where it cannot be had. */
export async function runZizmor(documents: readonly LintDocument[]): Promise<readonly Finding[]> {
  const program = await ensureZizmor();
  const folder = mkdtempSync(join(tmpdir(), 'zizmor-'));
  try {
    const files = writeDocuments(folder, documents);
    const config = join(import.meta.dirname, 'zizmor.yml');
    const args = ['--offline', '--quiet', '--no-progress', '--no-exit-codes', '--strict-collection'];
    const { code, output } = await runProgram(
      program,
      [...args, '--config', config, '--format', 'json-v1', ...files.keys()],
      { cwd: folder },
    );
    if (code !== 0) throw new Error(`zizmor ended with exit code ${code}: ${output.slice(0, 2_000)}`);
    return readFindings(JSON.parse(output), files);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** By pip, of the hashes in zizmor.txt and no others; kept until the next `npm ci`. */
async function ensureZizmor(): Promise<string> {
  const folder = join(root, 'node_modules/.cache/zizmor');
  const program = join(folder, 'bin/zizmor');
  if (!existsSync(program)) await tryDownload('installing zizmor', createLog(), () => installZizmor(folder, program));
  return program;
}

async function installZizmor(folder: string, program: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes'];
  const { code, output } = await runProgram(
    'python3',
    [...args, '--only-binary=:all:', '--target', folder, '--requirement', requirements],
    { cwd: root, env: { ...process.env, PIP_ROOT_USER_ACTION: 'ignore' } },
  );
  if (code !== 0 || !existsSync(program)) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`python3 -m pip could not install it (exit code ${code}): ${output.trim().slice(-500)}`);
  }
  chmodSync(program, 0o755);
}

function readFindings(report: unknown, files: ReadonlyMap<string, LintDocument>): readonly Finding[] {
  const entries = Array.isArray(report) ? report.map(record) : [];
  return entries.flatMap(({ ident, desc, locations }) => {
    const places = (Array.isArray(locations) ? locations.map(record) : []).map(readPlace);
    const place = places.find(({ kind }) => kind === 'Primary') ?? places[0];
    const document = files.get(place?.path ?? '');
    if (place === undefined || document === undefined) throw new Error(`zizmor speaks of ${JSON.stringify(locations)}`);
    const message = `${String(desc)}: ${place.annotation}`;
    return [
      {
        tool: 'zizmor' as const,
        file: document.file,
        line: document.firstLine + place.row,
        rule: String(ident),
        message,
      },
    ];
  });
}

interface Place {
  readonly path: string;
  readonly row: number;
  readonly kind: string;
  readonly annotation: string;
}

function readPlace({ symbolic, concrete }: Readonly<Record<string, unknown>>): Place {
  const { key, kind, annotation } = record(symbolic);
  const start = record(record(record(concrete)['location'])['start_point']);
  const path = record(record(key)['Local'])['verbatim_path'];
  return { path: String(path), row: Number(start['row']), kind: String(kind), annotation: String(annotation) };
}
