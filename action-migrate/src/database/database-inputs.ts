import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { badInput, type InputReader } from '@deploy-actions/kit/action/inputs';
import type { Duration } from '@deploy-actions/kit/time/duration';
import { parseImageRef } from '@deploy-actions/kit/image/image-ref';
import { parseCommandLine, type CommandLine } from '../command-line.ts';
import { parseDatabaseUrl, type Connection } from './connection.ts';

/** Where the programs that speak to the database run. */
export type ClientSource =
  { readonly kind: 'service'; readonly service: string } | { readonly kind: 'image'; readonly image: string };

/** Which database the migration is about. */
export type Database =
  /** A server in a container of the project. */
  | { readonly kind: 'service'; readonly service: string; readonly name: string; readonly user: string }
  /** A SQLite file that a service of the project mounts. */
  | {
      readonly kind: 'file';
      readonly service: string;
      readonly file: string;
      readonly client: ClientSource | undefined;
    }
  /** A server outside of the project. */
  | { readonly kind: 'url'; readonly connection: Connection; readonly client: ClientSource };

/** How the backup is made; undefined: none is. */
export interface BackupWishes {
  readonly keep: number;
  readonly compress: number;
  readonly timeout: Duration;
  /** Standard output is the backup; undefined: by the database's own tools. */
  readonly command: CommandLine | undefined;
  /** Gets the backup on standard input, and must end with 0. */
  readonly check: CommandLine | undefined;
}

/**
 * Reads `database-service`, `database-name`, `database-user`, `database-file`, `database-url`, `client-service` and
 * `client-image`; undefined where no database is named.
 * @throws ConfigurationError
 */
export function readDatabase(inputs: InputReader): Database | undefined {
  const service = optionalService('database-service', inputs.optional('database-service'));
  const file = inputs.optional('database-file');
  const url = inputs.secret('database-url');
  const [name, user] = [inputs.optional('database-name') ?? '', inputs.optional('database-user') ?? ''];
  const client = readClient(inputs);
  if (url !== undefined) {
    if (service !== undefined || file !== undefined)
      throw new ConfigurationError(
        'input `database-url`: `database-service` or `database-file` is given too.',
        'Name one database.',
      );
    if (name !== '' || user !== '')
      throw new ConfigurationError(
        'input `database-url`: `database-name` or `database-user` is given too.',
        'The URL names both.',
      );
    if (client === undefined)
      throw new ConfigurationError(
        'input `database-url`: neither `client-service` nor `client-image` says where its client programs are.',
        'Name a service or an image with pg_dump, pg_restore and psql of the server’s major version or a newer one: client-image: postgres:17',
      );
    return { kind: 'url', connection: parseDatabaseUrl(url), client };
  }
  if (file !== undefined) {
    if (service === undefined)
      throw new ConfigurationError('input `database-file`: `database-service` does not say which service mounts it.');
    // It is put between quotes for SQLite's own shell.
    if (!/^\/[\w@%+=:,./ -]+$/.test(file)) throw badInput('database-file', file, 'an absolute path in the container');
    return { kind: 'file', service, file, client };
  }
  if (client !== undefined)
    throw new ConfigurationError(
      'input `client-service` or `client-image`: only `database-url` and `database-file` have use for it.',
    );
  for (const [input, value] of [['database-name', name] as const, ['database-user', user] as const]) {
    if (value === '') continue;
    if (service === undefined) throw new ConfigurationError(`input \`${input}\`: \`database-service\` is empty.`);
    if (!/^[\w][\w.$@ -]*$/.test(value)) throw badInput(input, value, 'a plain name');
  }
  return service === undefined ? undefined : { kind: 'service', service, name, user };
}

function readClient(inputs: InputReader): ClientSource | undefined {
  const service = optionalService('client-service', inputs.optional('client-service'));
  const image = inputs.optional('client-image');
  if (service !== undefined && image !== undefined)
    throw new ConfigurationError('input `client-image`: `client-service` is given too.', 'One of them is enough.');
  if (service !== undefined) return { kind: 'service', service };
  if (image === undefined) return undefined;
  parseImageRef(image, 'input `client-image`');
  return { kind: 'image', image };
}

function optionalService(name: string, value: string | undefined): string | undefined {
  if (value !== undefined && !/^[a-zA-Z0-9._][a-zA-Z0-9._-]*$/.test(value))
    throw badInput(name, value, 'the name of a Compose service');
  return value;
}

/**
 * Reads `backup`, `backup-keep`, `backup-compress`, `backup-timeout`, `backup-command` and `backup-check`. `auto` backs
 * up wherever a database is named; `required` refuses where none is.
 * @throws ConfigurationError
 */
export function readBackup(inputs: InputReader, database: Database | undefined): BackupWishes | undefined {
  const mode = inputs.oneOf('backup', ['auto', 'required', 'off']);
  const wishes = {
    keep: inputs.integer('backup-keep', { min: 1, max: 1000 }),
    compress: inputs.integer('backup-compress', { min: 0, max: 9 }),
    timeout: inputs.duration('backup-timeout'),
    command: optionalCommand('backup-command', inputs.optional('backup-command')),
    check: optionalCommand('backup-check', inputs.optional('backup-check')),
  };
  if (wishes.check !== undefined && wishes.command === undefined)
    throw new ConfigurationError('input `backup-check`: it checks what `backup-command` made, and that is empty.');
  if (database !== undefined) return mode === 'off' ? undefined : wishes;
  if (wishes.command !== undefined)
    throw new ConfigurationError('input `backup-command`: `database-service` does not say in which container it runs.');
  if (mode !== 'required') return undefined;
  throw new ConfigurationError(
    'input `backup`: it is required, and no database is named.',
    'Name it: `database-service`, or `database-url` for a server outside of the project.',
  );
}

function optionalCommand(name: string, text: string | undefined): CommandLine | undefined {
  if (text === undefined) return undefined;
  if (text.includes('\n')) throw badInput(name, text, 'one command');
  return parseCommandLine(text, `input \`${name}\``);
}
