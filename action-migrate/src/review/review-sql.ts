import { checkMetaCommand } from './check-psql.ts';
import { FileReviewer, type PlacedRemark } from './file-reviewer.ts';
import { largestText, type FileReview, type Finding, type SqlFile } from './finding.ts';
import { isOurs, readIgnoreComment, type IgnoreComment } from './ignore-comment.ts';
import { lineFinder } from './lines.ts';
import type { PgParser } from './pg-parser.ts';
import { ruleOf } from './rule.ts';
import { cutSql, type SqlText } from '../sql/sql-text.ts';

/** Reviews one file. Never throws for what is in it. */
export async function reviewSql(file: SqlFile, parser: PgParser): Promise<FileReview> {
  const refusal = refusalOf(file.text);
  if (refusal !== undefined) return oneFinding(file, refusal);
  const cut = cutSql(file.text);
  const lineAt = lineFinder(file.text);
  const reviewer = new FileReviewer(file, parser);
  for (const command of cut.metaCommands)
    for (const remark of checkMetaCommand(command, file.path)) reviewer.add(remark, lineAt(command.start));
  for (const { text, start, from, isConditional } of cut.pieces)
    await reviewer.judgePiece(text, from - start, lineAt(from), isConditional);
  const ignores = placeIgnores(cut, lineAt);
  const remarks = reviewer.finish();
  const kept = remarks.filter((remark) => !ignores.some((ignore) => takesBack(ignore, remark)));
  const unused = ignores.filter((ignore) => isOurs(ignore) && !remarks.some((remark) => takesBack(ignore, remark)));
  const findings = [...kept, ...unused.map((ignore) => unusedRemark(ignore, file.path))].map((remark) =>
    toFinding(file.path, remark),
  );
  return {
    file: file.path,
    statements: reviewer.statements,
    findings: order(findings),
    ignored: remarks.length - kept.length,
    isIrreversible: remarks.some(({ rule }) => ruleOf(rule).isIrreversible === true),
  };
}

/** What stands in the way of reading a text at all. */
function refusalOf(text: string): Pick<Finding, 'rule' | 'what'> | undefined {
  const bytes = Buffer.byteLength(text);
  if (bytes > largestText) return { rule: 'review-incomplete', what: `has ${bytes} bytes` };
  // The parser would read up to it and call that the whole.
  if (text.includes('\0')) return { rule: 'syntax-error', what: 'holds a NUL character' };
  return undefined;
}

/** The review of a file of which only one thing is known. */
export function oneFinding(file: SqlFile, { rule, what }: Pick<Finding, 'rule' | 'what'>): FileReview {
  const finding = toFinding(file.path, { rule, what, object: file.path, line: 1 });
  return { file: file.path, statements: 0, findings: [finding], ignored: 0, isIrreversible: false };
}

/** A comment, and the lines on which it speaks. */
interface PlacedIgnore extends IgnoreComment {
  readonly line: number;
  readonly from: number;
  readonly to: number;
}

/**
 * A comment speaks for the statement in which it stands, for the one on whose last line it stands, or for the next one; in a
 * quoted body, for its own line and the next.
 */
function placeIgnores({ pieces, comments }: SqlText, lineAt: (offset: number) => number): readonly PlacedIgnore[] {
  const outer = comments.flatMap(({ text, start }): readonly PlacedIgnore[] => {
    const ignore = readIgnoreComment(text);
    if (ignore === undefined) return [];
    const line = lineAt(start);
    const beside = pieces.findLast((piece) => piece.to <= start && lineAt(piece.to) === line);
    const piece = beside ?? pieces.find(({ to }) => to > start);
    const from = piece === undefined ? line : lineAt(piece.from);
    return [{ ...ignore, line, from, to: piece === undefined ? line : lineAt(piece.to) }];
  });
  const bodies = pieces.filter(({ text, start, from }) => /^(do|create)\b/i.test(text.slice(from - start)));
  const inner = bodies.flatMap(({ text, start }) =>
    [...text.matchAll(/--\s*squawk-ignore\b.*/g)].flatMap((found): readonly PlacedIgnore[] => {
      const place = start + found.index;
      const ignore = comments.some((comment) => comment.start === place) ? undefined : readIgnoreComment(found[0]);
      const line = lineAt(place);
      return ignore === undefined ? [] : [{ ...ignore, isForFile: false, line, from: line, to: line + 1 }];
    }),
  );
  return [...outer, ...inner];
}

/** What was not reviewed cannot be taken back. */
function takesBack(ignore: PlacedIgnore, { rule, line }: PlacedRemark): boolean {
  if (rule === 'review-incomplete') return false;
  // As in squawk, a comment that names no rule is for a whole file or for nothing.
  if (ignore.rules.length === 0) return ignore.isForFile;
  if (!ignore.rules.includes(rule)) return false;
  return ignore.isForFile || (line >= ignore.from && line <= ignore.to);
}

function unusedRemark({ rules, line }: PlacedIgnore, path: string): PlacedRemark {
  return {
    rule: 'unused-ignore',
    object: path,
    line,
    what: `takes back nothing${rules.length > 0 ? `: ${rules.join(', ')}` : ''}`,
  };
}

function toFinding(file: string, { rule, object, what, line }: PlacedRemark): Finding {
  return { rule, level: ruleOf(rule).level, file, line, object, what };
}

/** By line, each once. */
function order(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return findings
    .filter(({ rule, object, line }) => {
      const key = `${rule} ${object} ${line}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    })
    .toSorted((a, b) => a.line - b.line);
}
