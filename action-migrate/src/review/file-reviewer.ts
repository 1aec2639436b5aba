import { checkIndex, describeNonTransactional } from './check-index.ts';
import { checkData, checkReach } from './check-data.ts';
import { checkDrop, checkRename } from './check-drop.ts';
import { describeFragile } from './check-robust.ts';
import { checkAlterTable } from './check-table.ts';
import { checkTimeoutOff, checkTimeouts, checkTransaction } from './check-transaction.ts';
import type { SqlFile } from './finding.ts';
import { lineFinder, unitsOf, unitsOfCharacters } from './lines.ts';
import { relationOf, wordsName } from './names.ts';
import type { Parsed, PgParser } from './pg-parser.ts';
import type { Check, Remark } from './remark.ts';
import {
  atomicBody,
  bodyOf,
  callsOf,
  constantText,
  readPlpgsql,
  withoutCopiedTypes,
  type RoutineBody,
} from './routine-body.ts';
import { Scope } from './scope.ts';
import { cutSql } from '../sql/sql-text.ts';
import { textOf, type Fields, type TreeNode } from './tree.ts';

/** A remark and where it stands in the file. */
export interface PlacedRemark extends Remark {
  readonly line: number;
}

const checks: readonly Check[] = [
  checkAlterTable,
  checkDrop,
  checkRename,
  checkData,
  checkIndex,
  checkReach,
  checkTimeoutOff,
];

/** How deep bodies in bodies are followed: a routine that calls a routine, an EXECUTE of a DO. */
const deepest = 4;

/** One text that is being judged: a file, or a body in it. */
interface Place {
  readonly scope: Scope;
  readonly depth: number;
  /** Line of a place in the statement, in bytes. */
  readonly lineAt: (bytes: number) => number;
  readonly text: string;
  /** Where the first word of `text` is. */
  readonly from: number;
  readonly isConditional: boolean;
}

/** Judges the statements of one file in order, and those of the bodies that they run. */
export class FileReviewer {
  readonly #file: SqlFile;
  readonly #parser: PgParser;
  readonly #scope = new Scope();
  readonly #remarks: PlacedRemark[] = [];
  readonly #created = new Set<string>();
  readonly #fragile: { readonly what: string; readonly line: number; readonly isConcurrent: boolean }[] = [];
  #statements = 0;
  #needsTransaction = false;
  #beginLine = 0;

  constructor(file: SqlFile, parser: PgParser) {
    this.#file = file;
    this.#parser = parser;
    this.#scope.isTransactionOpen = file.runs === 'single-transaction';
  }

  get statements(): number {
    return this.#statements;
  }

  /** A statement of the file itself. `line`: of its first word. */
  async judgePiece(text: string, from: number, line: number, isConditional: boolean): Promise<void> {
    const lineInPiece = lineFinder(text);
    const first = lineInPiece(from);
    const toLine = (units: number): number => line + Math.max(0, lineInPiece(units) - first);
    const lineAt = (bytes: number): number => toLine(Math.max(from, unitsOf(text, bytes)));
    const parsed = this.#parser.parse(text);
    if (parsed.kind === 'refused') {
      const at = parsed.at === undefined ? from : Math.max(from, unitsOfCharacters(text, parsed.at));
      this.#add({ rule: 'syntax-error', object: this.#file.path, what: parsed.message }, toLine(at));
    }
    if (parsed.kind === 'exhausted') await this.#giveUp(line);
    if (parsed.kind !== 'parsed') return;
    for (const { node } of parsed.value) {
      this.#statements++;
      await this.#judge(node, { scope: this.#scope, depth: 0, lineAt, text, from, isConditional });
    }
  }

  add(remark: Remark, line: number): void {
    this.#add(remark, line);
  }

  /** What is left after the whole file is known. */
  finish(): readonly PlacedRemark[] {
    const { path, runs } = this.#file;
    if (runs !== 'single-transaction' && this.#scope.isTransactionOpen && this.#beginLine > 0)
      this.#add(
        { rule: 'ban-uncommitted-transaction', object: path, what: 'begins a transaction and never commits' },
        this.#beginLine,
      );
    const isAlone = this.#statements === 1 && this.#fragile[0]?.isConcurrent !== true;
    const isFragile = runs === 'single-transaction' ? !this.#needsTransaction : runs === 'by-itself';
    const [first, ...others] = isAlone || !isFragile ? [] : this.#fragile;
    if (first !== undefined) {
      const more = others.length === 0 ? '' : `, and ${others.length} more statements`;
      this.#add(
        { rule: 'prefer-robust-stmts', object: path, what: `cannot run twice: ${first.what}${more}` },
        first.line,
      );
    }
    return this.#remarks.filter(({ unless }) => {
      if (unless === undefined) return true;
      return unless.kind === 'recreated' ? !this.#created.has(unless.key) : this.#needsTransaction;
    });
  }

  #add(remark: Remark, line: number): void {
    this.#remarks.push({ ...remark, line });
  }

  async #giveUp(line: number): Promise<void> {
    this.#add(
      { rule: 'review-incomplete', object: this.#file.path, what: 'is too large or too deep to be parsed' },
      line,
    );
    await this.#parser.renew();
  }

  async #judge(node: TreeNode, place: Place): Promise<void> {
    const { scope, lineAt } = place;
    const { path, runs } = this.#file;
    const start = lineAt(0);
    const remarks = [...checks.flatMap((check) => check(node, scope)), ...checkTransaction(node, scope, runs, path)];
    for (const remark of remarks) this.#add(remark, remark.at === undefined ? start : lineAt(remark.at));
    if (runs === 'by-itself') this.#addOnce(checkTimeouts(node, scope, path), start);
    if (place.depth === 0) this.#note(node, start);
    await this.#judgeBodies(node, place, start);
    if (place.isConditional) return;
    scope.learn(node);
    if (node.kind === 'CreateFunctionStmt')
      scope.learnRoutine({ fields: node.fields, text: place.text, from: place.from, line: start });
  }

  #addOnce(remarks: readonly Remark[], line: number): void {
    for (const remark of remarks) if (!this.#remarks.some(({ rule }) => rule === remark.rule)) this.#add(remark, line);
  }

  /** What counts for the file as a whole. */
  #note(node: TreeNode, line: number): void {
    const { kind, fields } = node;
    const isConcurrent = describeNonTransactional(kind, fields) !== undefined;
    if (!isConcurrent && !/^(TransactionStmt|VariableSetStmt|VariableShowStmt)$/.test(kind))
      this.#needsTransaction = true;
    if (kind === 'ViewStmt') this.#created.add(relationOf(fields, 'view').shown);
    if (kind === 'CreateFunctionStmt') this.#created.add(wordsName(fields, 'funcname').shown);
    if (kind === 'TransactionStmt' && /_(BEGIN|START)$/.test(textOf(fields, 'kind'))) this.#beginLine = line;
    const isGuarded = this.#file.runs === 'by-itself' && this.#scope.isTransactionOpen;
    const what = isGuarded ? undefined : describeFragile(node, this.#scope);
    if (what !== undefined) this.#fragile.push({ what, line, isConcurrent });
  }

  async #judgeBodies(node: TreeNode, place: Place, line: number): Promise<void> {
    if (place.depth >= deepest) return;
    if (node.kind === 'DoStmt') await this.#judgeBody(node, place, this.#file.path, line);
    for (const name of callsOf(node)) {
      const routine = place.scope.routine(name);
      if (routine === undefined) continue;
      const { fields, text, from, line: first } = routine;
      const inner = { ...place, text, from, lineAt: () => first };
      await this.#judgeBody({ kind: 'CreateFunctionStmt', fields }, inner, name.shown, first);
    }
  }

  async #judgeBody(node: TreeNode, place: Place, object: string, line: number): Promise<void> {
    const body = bodyOf(node);
    const inner = { ...place, depth: place.depth + 1, scope: place.scope.branch(), isConditional: false };
    // A body always runs in a transaction.
    inner.scope.isTransactionOpen = true;
    if (body === undefined) {
      for (const statement of atomicBody(node.fields)) await this.#judge(statement, { ...inner, lineAt: () => line });
      return;
    }
    const first = bodyLine(place, body, line);
    if (body.language === 'sql') await this.#judgeSql(body.text, first, inner, object);
    else if (body.language === 'plpgsql') await this.#judgePlpgsql(inner, object, line, first);
    else this.#add({ rule: 'dynamic-sql', object, what: `runs ${body.language}, which is not reviewed` }, line);
  }

  async #judgePlpgsql(place: Place, object: string, line: number, first: number): Promise<void> {
    const parsed = this.#parsePlpgsql(place.text);
    if (parsed.kind === 'exhausted') await this.#giveUp(line);
    if (parsed.kind === 'refused') {
      const isOurLimit = parsed.message === 'Not implemented';
      const what = `PL/pgSQL: ${isOurLimit ? 'the parser does not know all that it uses' : parsed.message}`;
      this.#add({ rule: isOurLimit ? 'dynamic-sql' : 'syntax-error', object, what }, line);
    }
    if (parsed.kind !== 'parsed') return;
    for (const statement of readPlpgsql(parsed.value)) {
      const at = first + statement.line - 1;
      if (statement.kind === 'sql') await this.#judgeSql(statement.sql, at, place, object);
      else await this.#judgeDynamic(statement.expression, at, place, object);
    }
  }

  #parsePlpgsql(statement: string): Parsed<Fields> {
    const parsed = this.#parser.parsePlpgsql(statement);
    return parsed.kind === 'refused' ? this.#parser.parsePlpgsql(withoutCopiedTypes(statement)) : parsed;
  }

  /** EXECUTE of a text that stands there is as good as the statement itself. */
  async #judgeDynamic(expression: string, line: number, place: Place, object: string): Promise<void> {
    const parsed = this.#parser.parse(`SELECT ${expression}`);
    if (parsed.kind === 'exhausted') return this.#giveUp(line);
    const select = parsed.kind === 'parsed' ? parsed.value[0]?.node : undefined;
    const text = select === undefined ? undefined : constantText(select);
    if (text !== undefined && place.depth < deepest) {
      await this.#judgeSql(text, line, { ...place, depth: place.depth + 1 }, object);
      return;
    }
    const shown = expression.length > 80 ? `${expression.slice(0, 77)}...` : expression;
    this.#add({ rule: 'dynamic-sql', object, what: `executes ${shown}` }, line);
  }

  async #judgeSql(sql: string, line: number, place: Place, object: string): Promise<void> {
    const lineOf = lineFinder(sql);
    for (const { text, start, from } of cutSql(sql).pieces) {
      const at = line + lineOf(from) - 1;
      const parsed = this.#parser.parse(text);
      if (parsed.kind === 'exhausted') await this.#giveUp(at);
      if (parsed.kind === 'refused') this.#add({ rule: 'syntax-error', object, what: parsed.message }, at);
      if (parsed.kind !== 'parsed') continue;
      for (const { node } of parsed.value)
        await this.#judge(node, { ...place, text, from: from - start, lineAt: () => at });
    }
  }
}

/** Line of a body's first character: behind the quote that opens it. */
function bodyLine(place: Place, body: RoutineBody, line: number): number {
  const at = unitsOf(place.text, body.at);
  const quote = /\$[^$]*\$|'/.exec(place.text.slice(at));
  const before = place.text.slice(place.from, at + (quote?.index ?? 0));
  return line + before.split('\n').length - 1;
}
