import { isTemporary, objectName, relationOf, targetOf, wordsName, type RelationName } from './names.ts';
import { constantOf, fieldsOf, flagOf, nodeOf, nodesOf, textOf, walk, type Fields, type TreeNode } from './tree.ts';

/** A routine that the file creates, kept because the file may call it. */
export interface Routine {
  readonly fields: Fields;
  /** The whole CREATE statement. */
  readonly text: string;
  /** Where its first word is: in the text, and its line in the file. */
  readonly from: number;
  readonly line: number;
}

/** What a file did up to a statement, as far as later statements are judged by it. */
export class Scope {
  readonly #new = new Set<string>();
  readonly #required = new Set<string>();
  readonly #notValid = new Set<string>();
  readonly #notNullChecks = new Map<string, string>();
  readonly #neverNull = new Set<string>();
  readonly #dropped = new Set<string>();
  readonly #routines = new Map<string, Routine>();
  /** Stands for the schema of names that have none: another one after each change of the search path. */
  #path = 'public';
  #paths = 0;
  /** Between BEGIN and COMMIT. */
  isTransactionOpen = false;
  hasLockTimeout = false;
  hasStatementTimeout = false;

  /** For a body that may run or not: what it creates is new inside only. */
  branch(): Scope {
    const copy = new Scope();
    for (const key of this.#new) copy.#new.add(key);
    for (const key of this.#required) copy.#required.add(key);
    for (const [name, routine] of this.#routines) copy.#routines.set(name, routine);
    copy.#path = this.#path;
    copy.#paths = this.#paths;
    copy.isTransactionOpen = this.isTransactionOpen;
    copy.hasLockTimeout = this.hasLockTimeout;
    copy.hasStatementTimeout = this.hasStatementTimeout;
    return copy;
  }

  /** `t` and `public.t` are one table, unless the file sets another search path. */
  #resolve({ key }: RelationName): string {
    return key.startsWith('.') ? `${this.#path}${key}` : key;
  }

  /** Whether the file has created it for sure: nobody else has seen it yet, so no lock and no loss matters. */
  isNew(name: RelationName): boolean {
    return this.#new.has(this.#resolve(name));
  }

  isNewRoutine(name: RelationName): boolean {
    return this.#routines.has(this.#resolve(name));
  }

  /** A column that the file added as NOT NULL, with a default that old versions' inserts need. */
  isRequired(table: RelationName, column: string): boolean {
    return this.#required.has(`${this.#resolve(table)}.${column}`);
  }

  /** A constraint that the file added as NOT VALID. */
  isNotValid(table: RelationName, constraint: string): boolean {
    return this.#notValid.has(`${this.#resolve(table)}.${constraint}`);
  }

  /** A validated CHECK (column IS NOT NULL) spares SET NOT NULL its scan. */
  isNeverNull(table: RelationName, column: string): boolean {
    return this.#neverNull.has(`${this.#resolve(table)}.${column}`);
  }

  /** Dropped before, IF EXISTS: so that creating it cannot fail because it is there. */
  isDropped(object: string): boolean {
    return this.#dropped.has(object);
  }

  routine(name: RelationName): Routine | undefined {
    return this.#routines.get(this.#resolve(name));
  }

  learnRoutine(routine: Routine): void {
    this.#routines.set(this.#resolve(wordsName(routine.fields, 'funcname')), routine);
  }

  /** Takes in what a statement did, after it was judged. */
  learn({ kind, fields }: TreeNode): void {
    if (kind === 'CreateStmt') this.#create(fields);
    else if (kind === 'CreateTableAsStmt') this.#createAs(fields, fieldsOf(fields, 'into'));
    else if (kind === 'SelectStmt') this.#select(fields);
    else if (kind === 'ViewStmt' && !flagOf(fields, 'replace')) this.#addNew(relationOf(fields, 'view'));
    else if (kind === 'CreateSeqStmt' && !flagOf(fields, 'if_not_exists')) this.#addNew(relationOf(fields, 'sequence'));
    else if (kind === 'CreateEnumStmt') this.#addNew(wordsName(fields, 'typeName'));
    else if (kind === 'CompositeTypeStmt') this.#addNew(relationOf(fields, 'typevar'));
    else if (kind === 'CreateDomainStmt') this.#addNew(wordsName(fields, 'domainname'));
    else if (kind === 'IndexStmt') this.#index(fields);
    else if (kind === 'CreateSchemaStmt') this.#schema(fields);
    else if (kind === 'DropStmt') this.#drop(fields);
    else if (kind === 'RenameStmt' || kind === 'AlterObjectSchemaStmt') this.#move(fields);
    else if (kind === 'AlterTableStmt') this.#alter(fields);
    else if (kind === 'VariableSetStmt') this.#set(textOf(fields, 'name'));
    else if (kind === 'TransactionStmt') this.#transact(textOf(fields, 'kind'));
  }

  #create(fields: Fields): void {
    // IF NOT EXISTS: it may be an old one. A partition of a new table is as new as that.
    if (flagOf(fields, 'if_not_exists') && !isTemporary(fields)) return;
    this.#addNew(relationOf(fields));
  }

  #addNew(name: RelationName): void {
    this.#new.add(this.#resolve(name));
  }

  #createAs(fields: Fields, into: Fields): void {
    if (!flagOf(fields, 'if_not_exists')) this.#addNew(relationOf(into, 'rel'));
  }

  #select(fields: Fields): void {
    if ('intoClause' in fields) this.#createAs({}, fieldsOf(fields, 'intoClause'));
    for (const call of walk(fields)) {
      if (call.kind !== 'FuncCall' || wordsName(call.fields, 'funcname').shown !== 'set_config') continue;
      const name = constantOf(nodesOf(call.fields, 'args')[0]);
      if (typeof name === 'string') this.#set(name);
    }
  }

  #index(fields: Fields): void {
    const table = relationOf(fields);
    const key = this.#resolve(table);
    if (this.isNew(table)) this.#new.add(`${key.slice(0, key.indexOf('.'))}.${textOf(fields, 'idxname')}`);
  }

  #schema(fields: Fields): void {
    if (!flagOf(fields, 'if_not_exists')) this.#new.add(`${this.#path}.${textOf(fields, 'schemaname')}`);
    for (const element of nodesOf(fields, 'schemaElts')) this.learn(element);
  }

  #drop(fields: Fields): void {
    for (const object of nodesOf(fields, 'objects')) {
      const name = objectName(object);
      this.#new.delete(this.#resolve(name));
      if (flagOf(fields, 'missing_ok')) this.#dropped.add(name.shown);
    }
  }

  #move(fields: Fields): void {
    const from = this.#resolve(targetOf(fields));
    if ('subname' in fields || !this.#new.delete(from)) return;
    const [schema = '', name = ''] = from.split('.');
    this.#new.add(`${textOf(fields, 'newschema') || schema}.${textOf(fields, 'newname') || name}`);
  }

  #alter(fields: Fields): void {
    const table = this.#resolve(relationOf(fields));
    for (const { fields: command } of nodesOf(fields, 'cmds')) {
      const subtype = textOf(command, 'subtype');
      const name = textOf(command, 'name');
      const definition = nodeOf(command, 'def');
      if (subtype === 'AT_AddColumn' && definition !== undefined) this.#addColumn(table, definition.fields);
      else if (subtype === 'AT_AddConstraint' && definition !== undefined)
        this.#addConstraint(table, definition.fields);
      else if (subtype === 'AT_ValidateConstraint') {
        const column = this.#notNullChecks.get(`${table}.${name}`);
        if (column !== undefined) this.#neverNull.add(`${table}.${column}`);
      } else if (subtype === 'AT_DropConstraint' && flagOf(command, 'missing_ok')) {
        this.#dropped.add(`${relationOf(fields).shown}.${name}`);
      }
    }
  }

  #addColumn(table: string, column: Fields): void {
    const kinds = nodesOf(column, 'constraints').map(({ fields }) => textOf(fields, 'contype'));
    if (kinds.includes('CONSTR_NOTNULL') && kinds.includes('CONSTR_DEFAULT'))
      this.#required.add(`${table}.${textOf(column, 'colname')}`);
  }

  #addConstraint(table: string, constraint: Fields): void {
    const key = `${table}.${textOf(constraint, 'conname')}`;
    if (flagOf(constraint, 'skip_validation')) this.#notValid.add(key);
    const column = neverNullColumn(constraint);
    if (column === undefined) return;
    this.#notNullChecks.set(key, column);
    if (!flagOf(constraint, 'skip_validation')) this.#neverNull.add(`${table}.${column}`);
  }

  #set(name: string): void {
    if (name === 'lock_timeout') this.hasLockTimeout = true;
    if (name === 'statement_timeout' || name === 'transaction_timeout') this.hasStatementTimeout = true;
    if (name !== 'search_path') return;
    this.#path = `path ${++this.#paths}`;
  }

  #transact(kind: string): void {
    if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') this.isTransactionOpen = true;
    if (kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_PREPARE') this.isTransactionOpen = false;
    if (kind === 'TRANS_STMT_ROLLBACK') this.isTransactionOpen = false;
    // What was created may not be there any more.
    if (kind.startsWith('TRANS_STMT_ROLLBACK')) this.#new.clear();
  }
}

/** The column of CHECK (column IS NOT NULL), or of PostgreSQL 18's NOT NULL constraint. */
function neverNullColumn(constraint: Fields): string | undefined {
  const kind = textOf(constraint, 'contype');
  const key = nodesOf(constraint, 'keys')[0];
  if (kind === 'CONSTR_NOTNULL' && key !== undefined) return textOf(key.fields, 'sval');
  const test = nodeOf(constraint, 'raw_expr');
  if (kind !== 'CONSTR_CHECK' || test?.kind !== 'NullTest' || textOf(test.fields, 'nulltesttype') !== 'IS_NOT_NULL')
    return undefined;
  const words = nodesOf(fieldsOf(fieldsOf(test.fields, 'arg'), 'ColumnRef'), 'fields');
  return words[0] === undefined || words.length > 1 ? undefined : textOf(words[0].fields, 'sval');
}
