import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureActionlint } from '../../lab/src/act/index.ts';
import { record } from '../metadata.ts';
import { runProgram } from '../process.ts';
import type { Finding } from './finding.ts';
import { writeDocuments, type LintDocument } from './lint-document.ts';

/** rhysd/actionlint over all workflows. Rejects where it cannot be had or says something that is not a finding. */
export async function runActionlint(documents: readonly LintDocument[]): Promise<readonly Finding[]> {
  const program = await ensureActionlint();
  const folder = mkdtempSync(join(tmpdir(), 'actionlint-'));
  try {
    const workflows = documents.filter(({ kind }) => kind === 'workflow').map(nameActionsByVersion);
    const files = writeDocuments(folder, workflows);
    const config = join(folder, 'actionlint.yaml');
    writeFileSync(config, '{}\n');
    // Shell text is shellcheck's; it is not among the tools, so its absence is no difference between machines.
    const args = ['-shellcheck=', '-pyflakes=', '-config-file', config, '-format', '{{json .}}', ...files.keys()];
    const { code, output } = await runProgram(program, args, { cwd: folder });
    if (code > 1) throw new Error(`actionlint ended with exit code ${code}: ${output}`);
    return readFindings(JSON.parse(output), files);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `@<commit> # v7.0.1` → `@v7`: actionlint knows the inputs of well-known actions by their major version only. */
function nameActionsByVersion(document: LintDocument): LintDocument {
  return { ...document, text: document.text.replaceAll(/@[0-9a-f]{40} # (v\d+)\S*/g, '@$1') };
}

function readFindings(report: unknown, files: ReadonlyMap<string, LintDocument>): readonly Finding[] {
  const entries = Array.isArray(report) ? report.map(record) : [];
  return entries.map(({ filepath, line, kind, message }) => {
    const document = files.get(String(filepath));
    if (document === undefined) throw new Error(`actionlint speaks of ${String(filepath)}`);
    const at = document.firstLine + Number(line) - 1;
    return { tool: 'actionlint', file: document.file, line: at, rule: String(kind), message: String(message) };
  });
}
