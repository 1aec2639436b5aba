import { globSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { listActions, root } from './workspace.ts';

/** One row of a failure table: what a code means in that place, and the next step. */
export interface FailureRow {
  readonly code: string;
  /** `action-x`, or `shared` for docs/error-codes.md. */
  readonly place: string;
  readonly meaning: string;
  readonly next: string;
}

/** Where the table of the codes that actions share stands, and the index is written. */
export const errorCodesFile = 'docs/error-codes.md';

/**
 * The index of every error code, as Markdown.
 * @throws Error naming each code of the sources that no table explains, each row whose code no source knows, and each row
 *   without a next step
 */
export function renderErrorIndex(): string {
  const rows = [
    ...readFailureTable('shared', readFileSync(join(root, errorCodesFile), 'utf8')),
    ...listActions().flatMap((action) =>
      readFailureTable(action, readFileSync(join(root, action, 'README.md'), 'utf8')),
    ),
  ];
  const gaps = findIndexGaps(listSourceCodes(), rows);
  if (gaps.length > 0) throw new Error(gaps.join('\n     '));
  return renderIndex(rows);
}

/** Every code that the sources can give to `error-code`, with the folders (`kit`, `action-x`) that name it. */
export function listSourceCodes(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const file of globSync('{kit,action-*}/src/**/*.ts', { cwd: root })) {
    const folder = file.split('/')[0] ?? '';
    for (const code of readCodes(readFileSync(join(root, file), 'utf8'))) {
      const folders = found.get(code) ?? [];
      if (!folders.includes(folder)) folders.push(folder);
      found.set(code, folders);
    }
  }
  return found;
}

/** The codes of one source text: the members of its unions called `…Code`, and every literal `code:` of an error. Pure. */
export function readCodes(source: string): readonly string[] {
  // Parsing takes time; most files name none.
  if (!/Code =|\bcode:/.test(source)) return [];
  const codes = new Set<string>();
  const take = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) && isCode(node.text)) codes.add(node.text);
    else if (ts.isConditionalExpression(node)) [node.whenTrue, node.whenFalse].forEach(take);
    else if (ts.isLiteralTypeNode(node)) take(node.literal);
    else if (ts.isUnionTypeNode(node)) node.types.forEach(take);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeAliasDeclaration(node) && node.name.text.endsWith('Code')) take(node.type);
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'code') take(node.initializer);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true));
  return [...codes].sort();
}

/** Not the names that the operating system gives to its errors. */
function isCode(text: string): boolean {
  return /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(text) && !Object.hasOwn(constants.errno, text);
}

/** The rows of the tables that begin with `| Code |`, one for each code of their first cells. Pure. */
export function readFailureTable(place: string, text: string): readonly FailureRow[] {
  const tables = text.matchAll(/^\| Code +\|.*\n\|[ -|]+\|\n((?:\|.*\n)+)/gm);
  return [...tables].flatMap(([, body = '']) =>
    body
      .trim()
      .split('\n')
      .flatMap((line) => {
        const [codes = '', meaning = '', next = ''] = line
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim());
        return [...codes.matchAll(/`([A-Z0-9_]+)`/g)].map(([, code = '']) => ({ code, place, meaning, next }));
      }),
  );
}

/** What is missing between sources and tables. Pure. */
export function findIndexGaps(
  sources: ReadonlyMap<string, readonly string[]>,
  rows: readonly FailureRow[],
): readonly string[] {
  const has = (code: string, places: readonly string[]): boolean =>
    rows.some((row) => row.code === code && places.includes(row.place));
  const missing = [...sources].flatMap(([code, folders]) =>
    folders
      .filter((folder) => (folder === 'kit' ? !rows.some((row) => row.code === code) : !has(code, [folder, 'shared'])))
      .map((folder) => `${code}: no failure table explains it (${folder}/src names it).`),
  );
  const foreign = rows.filter(({ code }) => !sources.has(code));
  const silent = rows.filter(({ next }) => next === '');
  return [
    ...missing,
    ...foreign.map(({ code, place }) => `${code}: in the table of ${place}, but in no source.`),
    ...silent.map(({ code, place }) => `${code}: the table of ${place} does not say what to do.`),
  ];
}

/** A heading for each code, so that it can be linked to, and a line for each place that explains it. Pure. */
export function renderIndex(rows: readonly FailureRow[]): string {
  const codes = [...new Set(rows.map(({ code }) => code))].sort();
  const sections = codes.map((code) => {
    const lines = rows
      .filter((row) => row.code === code)
      .map(({ place, meaning, next }) => `- ${nameOf(place)}: ${withStop(meaning)} **Next:** ${withStop(next)}\n`);
    return `### ${code}\n\n${lines.join('')}`;
  });
  return sections.join('\n');
}

function nameOf(place: string): string {
  return place === 'shared' ? 'Every action that can meet it' : `[${place}](../${place}/README.md)`;
}

function withStop(text: string): string {
  const cell = text.replaceAll('\\|', '|');
  return /[.?!]$/.test(cell) ? cell : `${cell}.`;
}
