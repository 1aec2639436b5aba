import { runActionlint } from './lint/actionlint.ts';
import { exceptions } from './lint/exceptions.ts';
import { settleFindings, type Finding } from './lint/finding.ts';
import { runLanguageService } from './lint/language-service.ts';
import { findLintDocuments, type LintDocument } from './lint/lint-document.ts';
import { runZizmor } from './lint/zizmor.ts';

/**
 * `npm run lint:workflows`: every workflow, action.yml and documented workflow by GitHub's language service, actionlint
 * and zizmor. Fails for a finding that is not in lint/exceptions.ts, and for an exception that is not needed.
 *
 * actionlint needs Go's module proxy once, zizmor python3 with pip. Where one of them cannot be had, that is said and
 * the rest counts; `-- --all` makes it a failure.
 */
type Linter = (documents: readonly LintDocument[]) => Promise<readonly Finding[]>;

const linters: Readonly<Record<Finding['tool'], Linter>> = {
  languageservice: runLanguageService,
  actionlint: runActionlint,
  zizmor: runZizmor,
};

const documents = findLintDocuments();
const ran = new Set<Finding['tool']>();
const findings: Finding[] = [];
for (const tool of ['languageservice', 'actionlint', 'zizmor'] as const) {
  try {
    findings.push(...(await linters[tool](documents)));
    ran.add(tool);
  } catch (thrown) {
    console.log(`${tool} did NOT run: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

const { open, stale } = settleFindings(findings, exceptions);
for (const { tool, file, line, rule, message } of open)
  console.log(`${file}:${line}: ${tool}${rule === '' ? '' : ` ${rule}`}: ${message}`);
const unneeded = stale.filter(({ tool }) => ran.has(tool));
for (const { tool, rule } of unneeded) console.log(`lint/exceptions.ts: ${tool} ${rule} covers nothing any more`);

const isMissing = ran.size < 3 && (process.argv.includes('--all') || !ran.has('languageservice'));
console.log(
  `${documents.length} texts, ${[...ran].join(', ')}: ${open.length} findings, ${findings.length - open.length} excepted`,
);
process.exitCode = open.length + unneeded.length === 0 && !isMissing ? 0 : 1;
