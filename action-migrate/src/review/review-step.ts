import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { localHost } from '@deploy-actions/kit/host/local-host';
import type { RecordedMigration } from '@deploy-actions/kit/state/release';
import { MigrateError } from '../error.ts';
import { findChangedFiles } from './changed-files.ts';
import { largestText, type SqlFile } from './finding.ts';
import type { ReviewWishes } from './review-inputs.ts';
import { annotateFindings, describeVerdict, findingsOutput, renderVerdict } from './review-report.ts';
import { reviewFiles, type WorkerPlace } from './reviewer.ts';
import { joinVerdicts, judgeReviews, type Verdict } from './verdict.ts';
import { findWorkspaceFiles } from '../workspace-files.ts';

/** The review of one step: what it read so far, and what it thinks of it. */
export interface Review {
  readonly lint: ReviewWishes['lint'];
  readonly verdict: Verdict;
}

/** What every part of the review needs. */
export interface ReviewDoor {
  readonly runner: Runner;
  readonly wishes: ReviewWishes;
  readonly reversible: SaidReversible;
  readonly worker: WorkerPlace;
}

/** The door, and what is known before the connection. */
export interface Reviewed extends ReviewDoor {
  readonly review: Review;
}

/** What the release record keeps of it. */
export type ReviewFacts = Pick<RecordedMigration, 'reversible' | 'acknowledged'>;

/**
 * Reviews the files of `lint-files`, and those that the step will run itself; before any connection.
 * @param own files that the step runs with psql
 * @throws ConfigurationError for a line that names nothing, or a base that is not there
 */
export async function reviewWorkspace(door: ReviewDoor, own: readonly SqlFile[]): Promise<Review> {
  const { runner, wishes } = door;
  if (wishes.lint === 'off') return { lint: 'off', verdict: judgeReviews([], wishes) };
  const workspace = runner.env('GITHUB_WORKSPACE') ?? '.';
  const named = findWorkspaceFiles('lint-files', wishes.files, workspace);
  const ownPaths = new Set(own.map(({ path }) => path));
  const others = named.filter((path) => !ownPaths.has(path)).map((path) => readText(path, workspace));
  const files = await onlyChanged([...own, ...others], workspace, wishes.base);
  const review = await reviewTexts(door, files);
  // What fits nothing here may fit what a command will print.
  const { verdict } = review;
  await publish(door, wishes.commands.length > 0 ? { ...verdict, unused: [] } : verdict);
  return review;
}

/** Reviews what commands in the image printed, and adds it to what is known. */
export async function reviewOutput(door: ReviewDoor, before: Review, texts: readonly SqlFile[]): Promise<Review> {
  const { verdict } = await reviewTexts(door, texts);
  const joined = joinVerdicts(before.verdict, verdict);
  await publish(door, { ...verdict, unused: joined.unused });
  return { lint: before.lint, verdict: joined };
}

async function publish({ runner, wishes }: ReviewDoor, verdict: Verdict): Promise<void> {
  if (wishes.lint !== 'off' && verdict.files > 0) await runner.summary(renderVerdict(verdict, wishes.lint));
}

async function reviewTexts({ runner, wishes, worker }: ReviewDoor, files: readonly SqlFile[]): Promise<Review> {
  const { lint } = wishes;
  if (files.length === 0 || lint === 'off') return { lint, verdict: judgeReviews([], wishes) };
  return runner.group('SQL review', async () => {
    const verdict = judgeReviews(await reviewFiles(files, worker), wishes);
    annotateFindings(runner, verdict, lint);
    runner.info(`SQL review: ${describeVerdict(verdict)}.`);
    return { lint, verdict };
  });
}

async function onlyChanged(
  files: readonly SqlFile[],
  workspace: string,
  base: string | undefined,
): Promise<readonly SqlFile[]> {
  if (base === undefined || files.length === 0) return files;
  const changed = await findChangedFiles(localHost(), workspace, base);
  return files.filter(({ path }) => changed.has(path));
}

function readText(path: string, workspace: string): SqlFile {
  const file = join(workspace, path);
  // One that is too large is not read: the reviewer says so by its length.
  const text = statSync(file).size > largestText ? ' '.repeat(largestText + 1) : readFileSync(file, 'utf8');
  return { path, text, runs: 'by-itself' };
}

/**
 * Stops the step when the review found what stops it.
 * @param state what to say of the server: nothing of it was touched
 * @throws MigrateError LINT_FAILED
 */
export function refuseUnsafe({ verdict }: Review, state: string): void {
  const [first, ...others] = verdict.blocking;
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` And ${others.length} more; the job summary has all of them.`;
  throw new MigrateError({
    code: 'LINT_FAILED',
    message: `SQL review: ${first.file}:${first.line} ${first.what} (${first.rule}).${more} ${state}`,
    hint: 'The summary has a safe rewrite for each; accept single ones with `acknowledge`, each with its reason.',
  });
}

/** `auto`: what the SQL shows. */
export type SaidReversible = 'auto' | 'true' | 'false';

/**
 * Whether a rollback may cross this migration: what the user says, else what the SQL shows.
 * @param skipped files that an earlier run applied: no part of this migration
 */
export function decideReversible(said: SaidReversible, { verdict }: Review, skipped: readonly string[] = []): boolean {
  return said === 'auto' ? verdict.irreversible.every((file) => skipped.includes(file)) : said === 'true';
}

/** The outputs of the review. */
export function reportReview(
  { runner, reversible }: ReviewDoor,
  review: Review,
  skipped: readonly string[] = [],
): void {
  runner.output('findings', findingsOutput(review.verdict));
  runner.output('reversible', String(decideReversible(reversible, review, skipped)));
}

/** The part of the record that the review knows. */
export function recordReview(said: SaidReversible, review: Review, skipped: readonly string[] = []): ReviewFacts {
  const { accepted } = review.verdict;
  return {
    reversible: decideReversible(said, review, skipped),
    ...(accepted.length === 0 ? {} : { acknowledged: accepted }),
  };
}
