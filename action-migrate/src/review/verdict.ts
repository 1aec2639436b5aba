import { isAcknowledged, type Acknowledgement } from './acknowledgement.ts';
import type { FileReview, Finding } from './finding.ts';
import type { ReviewWishes } from './review-inputs.ts';

/** A finding and what became of it. */
export interface JudgedFinding extends Finding {
  /** Why the user accepts it. */
  readonly acknowledged?: string;
}

/** What the review of all files comes to. */
export interface Verdict {
  readonly files: number;
  readonly statements: number;
  /** By file and line. */
  readonly findings: readonly JudgedFinding[];
  /** Taken back by comments. */
  readonly ignored: number;
  /** Those that stop the step. */
  readonly blocking: readonly Finding[];
  /** Those of the user's acknowledgements that fitted a finding. */
  readonly accepted: readonly Acknowledgement[];
  /** Those that fitted none. */
  readonly unused: readonly Acknowledgement[];
  /** Files whose SQL shows that the version before does not work with the database after it, or that rows are gone. */
  readonly irreversible: readonly string[];
}

/** Puts the reviews and the user's wishes together. */
export function judgeReviews(
  reviews: readonly FileReview[],
  { lint, acknowledgements }: Pick<ReviewWishes, 'lint' | 'acknowledgements'>,
): Verdict {
  const all = reviews.flatMap(({ findings }) => findings);
  const reasonOf = (finding: Finding): string | undefined =>
    acknowledgements.find((line) => isAcknowledged(finding, line))?.reason;
  const findings = all.map((finding): JudgedFinding => {
    const reason = reasonOf(finding);
    return reason === undefined ? finding : { ...finding, acknowledged: reason };
  });
  const fits = (line: Acknowledgement): boolean => all.some((finding) => isAcknowledged(finding, line));
  return {
    files: reviews.length,
    statements: reviews.reduce((sum, review) => sum + review.statements, 0),
    findings,
    ignored: reviews.reduce((sum, review) => sum + review.ignored, 0),
    blocking:
      lint === 'error'
        ? findings.filter(({ level, acknowledged }) => level === 'error' && acknowledged === undefined)
        : [],
    accepted: acknowledgements.filter(fits),
    unused: acknowledgements.filter((line) => !fits(line)),
    irreversible: reviews.filter(({ isIrreversible }) => isIrreversible).map(({ file }) => file),
  };
}

/** Both verdicts of a step as one: of files before the connection, of the output of commands after it. */
export function joinVerdicts(first: Verdict, second: Verdict): Verdict {
  const accepted = [...first.accepted, ...second.accepted];
  const isSame = (a: Acknowledgement, b: Acknowledgement): boolean => a.rule === b.rule && a.object === b.object;
  return {
    files: first.files + second.files,
    statements: first.statements + second.statements,
    findings: [...first.findings, ...second.findings],
    ignored: first.ignored + second.ignored,
    blocking: [...first.blocking, ...second.blocking],
    accepted: accepted.filter((line, at) => accepted.findIndex((other) => isSame(line, other)) === at),
    unused: first.unused.filter((line) => !accepted.some((other) => isSame(line, other))),
    irreversible: [...first.irreversible, ...second.irreversible],
  };
}
