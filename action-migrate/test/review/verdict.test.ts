import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inputReader } from '@deploy-actions/kit/action/inputs';
import { localHost } from '@deploy-actions/kit/host/local-host';
import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAcknowledgement, suggestAcknowledgement } from '../../src/review/acknowledgement.ts';
import { findChangedFiles } from '../../src/review/changed-files.ts';
import type { FileReview, Finding } from '../../src/review/finding.ts';
import { readReviewWishes } from '../../src/review/review-inputs.ts';
import { annotateFindings, findingsOutput, renderVerdict } from '../../src/review/review-report.ts';
import { decideReversible, recordReview, refuseUnsafe } from '../../src/review/review-step.ts';
import { judgeReviews, joinVerdicts, type Verdict } from '../../src/review/verdict.ts';
import { findWorkspaceFiles } from '../../src/workspace-files.ts';

const drop: Finding = {
  rule: 'ban-drop-column',
  level: 'error',
  file: 'db/2.sql',
  line: 3,
  object: 'orders.note',
  what: 'drops the column orders.note',
};
const lock: Finding = { ...drop, rule: 'lock-table', level: 'warning', object: 'orders', what: 'locks orders' };
const reviewed = (...findings: readonly Finding[]): FileReview => ({
  file: 'db/2.sql',
  statements: 5,
  findings,
  ignored: 1,
  isIrreversible: findings.includes(drop),
});
const line = 'ban-drop-column orders.note no version since May reads it';
const judge = (lint: 'error' | 'warn', acknowledge: readonly string[], ...findings: readonly Finding[]): Verdict =>
  judgeReviews([reviewed(...findings)], { lint, acknowledgements: acknowledge.map(parseAcknowledgement) });

describe('a verdict', () => {
  it('stops the step for errors, not for warnings', () => {
    expect(judge('error', [], drop, lock).blocking).toEqual([drop]);
    expect(judge('error', [], lock).blocking).toEqual([]);
    expect(judge('warn', [], drop).blocking).toEqual([]);
  });
  it('lets through what is acknowledged by rule and object, and keeps the reason', () => {
    const verdict = judge('error', [line], drop);
    expect(verdict.blocking).toEqual([]);
    expect(recordReview('auto', { lint: 'error', verdict })).toEqual({
      reversible: false,
      acknowledged: [{ rule: 'ban-drop-column', object: 'orders.note', reason: 'no version since May reads it' }],
    });
    expect(JSON.parse(findingsOutput(verdict))).toMatchObject([{ acknowledged: 'no version since May reads it' }]);
  });
  it('stops for the same rule on another object', () => {
    const verdict = judge('error', [line], { ...drop, object: 'orders.other' });
    expect(verdict.blocking).toHaveLength(1);
    expect(verdict.unused).toHaveLength(1);
  });
  it('knows an acknowledgement as used that fits in either half of a step', () => {
    const joined = joinVerdicts(judge('error', [line], lock), judge('error', [line], drop));
    expect(joined).toMatchObject({ files: 2, statements: 10, unused: [], irreversible: ['db/2.sql'] });
  });
  it.each([
    ['auto', [], false],
    ['auto', ['db/2.sql'], true],
    ['true', [], true],
    ['false', ['db/2.sql'], false],
  ] as const)('with reversible %s and %j applied earlier is reversible: %s', (said, skipped, expected) => {
    expect(decideReversible(said, { lint: 'error', verdict: judge('error', [], drop) }, skipped)).toBe(expected);
  });
  it('is an error that names the first place, how many more there are, and that nothing happened', () => {
    const review = { lint: 'error', verdict: judge('error', [], drop, { ...drop, object: 'b', line: 9 }) } as const;
    expect(() => {
      refuseUnsafe(review, 'Nothing was changed.');
    }).toThrow(
      'SQL review: db/2.sql:3 drops the column orders.note (ban-drop-column). And 1 more; the job summary has all of them. Nothing was changed.',
    );
  });
});

describe('a report', () => {
  it('annotates each finding at its line, with why and what to write instead', () => {
    const runner = fakeRunner();
    annotateFindings(runner, judge('error', [], drop, lock), 'error');
    annotateFindings(runner, judge('warn', [], drop), 'warn');
    annotateFindings(runner, judge('error', [line], drop), 'error');
    expect(runner.lines.map((text) => text.slice(0, 66))).toEqual([
      'error: db/2.sql:3: ban-drop-column: Drops the column orders.note. ',
      'warning: db/2.sql:3: lock-table: Locks orders. What the table serv',
      'warning: db/2.sql:3: ban-drop-column: Drops the column orders.note',
      'info: db/2.sql:3: ban-drop-column: drops the column orders.note. A',
    ]);
    expect(runner.lines[0]).toContain('Instead: Ship a version that no longer uses it first');
  });
  it('has all of them in the summary, and the line that would accept one', () => {
    const text = renderVerdict(judge('error', [], drop, lock), 'error');
    expect(text).toContain('### ❌ SQL review: 1 error, 1 warning, 1 taken back by comments in 5 statements of 1 file');
    expect(text).toContain('| ❌ error | `ban-drop-column` | `db/2.sql:3` | Drops the column orders.note. |');
    expect(text).toContain('No way back to the version before.');
    expect(text).toContain('\nban-drop-column orders.note <reason>\n');
    expect(renderVerdict(judge('error', [line], drop), 'error')).toMatch(/✅ accepted.*Accepted: no version since May/);
    expect(renderVerdict(judge('error', [line], lock), 'error')).toContain('fits no finding any more');
    expect(renderVerdict(judgeReviews([], { lint: 'error', acknowledgements: [] }), 'error')).toBe('');
  });
});

describe('a line of acknowledge', () => {
  it('may name an object with blanks in it', () => {
    const object = 'Order Lines';
    expect(suggestAcknowledgement({ ...drop, object })).toBe('ban-drop-column "Order Lines" <reason>');
    expect(parseAcknowledgement('ban-drop-column "Order Lines" was never used').object).toBe(object);
  });
  it.each([
    ['ban-drop-column', 'no object'],
    ['ban-drop-columns orders.note because it is', 'there is no rule "ban-drop-columns"'],
    ['ban-drop-column orders.note', 'a reason of at least 10 characters'],
    ['ban-drop-column orders.note because', 'a reason of at least 10 characters'],
    ['syntax-error db/2.sql it is fine, trust me', 'nobody can vouch for'],
  ])('%j is refused', (text, why) => {
    expect(() => parseAcknowledgement(text)).toThrow(why);
    expect(() => parseAcknowledgement(text)).toThrow(JSON.stringify(text));
  });
});

describe('the inputs', () => {
  const read = (inputs: Readonly<Record<string, string>>) =>
    readReviewWishes(inputReader(fakeRunner({ lint: 'error', ...inputs })));
  it('take the commit of no commits for none', () => {
    expect(read({ 'lint-base': '0'.repeat(40) }).base).toBeUndefined();
    expect(read({ 'lint-base': 'origin/main' }).base).toBe('origin/main');
  });
  it.each([
    [{ 'lint-base': '--output=/etc/passwd' }, 'input `lint-base`'],
    [{ 'lint-base': 'a b' }, 'input `lint-base`'],
    [{ lint: 'yes' }, 'input `lint`'],
    [{ 'lint-command': 'echo $HOME' }, 'input `lint-command`, command 1'],
  ])('%j is refused', (inputs, message) => {
    expect(() => read(inputs)).toThrow(message);
  });
});

describe('files of the workspace', () => {
  const workspace = mkdtempSync(join(tmpdir(), 'lint-'));
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: workspace,
      encoding: 'utf8',
    }).trim();
  const write = (path: string, text: string): void => writeFileSync(join(workspace, path), text);

  beforeAll(() => {
    mkdirSync(join(workspace, 'app/db'), { recursive: true });
    git('init', '-q', '-b', 'main');
    write('app/db/1.sql', 'one');
    write('app/db/2.sql', 'two');
    git('add', '.');
    git('commit', '-qm', 'first');
    git('switch', '-qc', 'feature');
    write('app/db/2.sql', 'changed');
    write('app/db/ü 3.sql', 'three');
    git('add', '.');
    git('commit', '-qm', 'second');
    write('app/db/4.sql', 'not in git');
  });
  afterAll(() => {
    rmSync(workspace, { recursive: true });
  });

  it('are found by pattern and path, in order, each once', () => {
    expect(findWorkspaceFiles('lint-files', ['app/db/2.sql', 'app/**/*.sql'], workspace)).toEqual([
      'app/db/2.sql',
      'app/db/1.sql',
      'app/db/4.sql',
      'app/db/ü 3.sql',
    ]);
  });
  it.each(['../x.sql', '/etc/passwd', 'none/*.sql'])('%s is refused', (text) => {
    expect(() => findWorkspaceFiles('lint-files', [text], workspace)).toThrow('input `lint-files`');
  });
  it('have changed since a base when git says so or does not know them', async () => {
    const changed = await findChangedFiles(localHost(), workspace, 'main');
    expect([...changed].sort()).toEqual(['app/db/2.sql', 'app/db/4.sql', 'app/db/ü 3.sql']);
    const below = await findChangedFiles(localHost(), join(workspace, 'app'), 'main');
    expect([...below]).toContain('db/2.sql');
  });
  it('cannot be compared with a base that is not in the clone', async () => {
    await expect(findChangedFiles(localHost(), workspace, 'v9')).rejects.toThrow('"v9" is not in this clone');
    await expect(findChangedFiles(localHost(), tmpdir(), 'main')).rejects.toThrow('git cannot tell');
  });
});
