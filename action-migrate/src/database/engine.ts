import type { RemoteDatabase } from './client.ts';

/** What the database says of itself before it is backed up or changed. */
export interface DatabaseFacts {
  /** The name of the database, or the path of the file. */
  readonly name: string;
  readonly user: string;
  readonly bytes: number;
  /** Major version of the server, and of the client's programs; undefined where they cannot differ. */
  readonly serverMajor: number | undefined;
  readonly clientMajor: number | undefined;
  /** For people: `PostgreSQL 15.18`. */
  readonly version: string;
  /** Free bytes where the check loads the backup; undefined where it needs no room. */
  readonly freeForCheck: number | undefined;
  /** What a person should know about this backup. */
  readonly cautions: readonly string[];
}

/**
 * How one kind of database is asked, dumped and restored. Scripts are constants that run in `sh` in a container: $1 and
 * $2 are the client's `args`, standard input begins with the settings header. They end with 0 or say on stderr why not.
 */
export interface DatabaseEngine {
  readonly kind: 'postgres' | 'mysql' | 'sqlite';
  readonly title: string;
  /** Of the backup's file name. */
  readonly extension: string;
  /** Prints `word value` lines that {@link parseFacts} reads. */
  readonly factsScript: string;
  /** $3 compression, 0 to 9. Writes the backup to stdout. */
  readonly dumpScript: string;
  /** $3 name of a scratch database. Reads the backup behind the settings header, to its last byte. */
  readonly checkScript: string;
  /** How the check is called in the log and the summary. */
  readonly checkTitle: string;
  /** The command for a shell on the server; `path` is the backup's. */
  readonly restoreCommand: (target: RestoreTarget) => string;
}

export interface RestoreTarget {
  readonly containerName: string;
  readonly path: string;
  readonly name: string;
  readonly user: string;
  readonly remote: RemoteDatabase | undefined;
  /** Of a file: the image that mounts it. */
  readonly image: string;
}

/** `name` → values, from lines of `name value`. */
export function parseFacts(text: string): DatabaseFacts {
  const lines = text.split('\n').map((line) => {
    const space = line.indexOf(' ');
    return space < 0 ? ([line, ''] as const) : ([line.slice(0, space), line.slice(space + 1).trim()] as const);
  });
  const last = (name: string): string => lines.findLast(([word]) => word === name)?.[1] ?? '';
  const count = (name: string): number | undefined => (/^\d+$/.test(last(name)) ? Number(last(name)) : undefined);
  return {
    name: last('name'),
    user: last('user'),
    bytes: count('bytes') ?? NaN,
    serverMajor: count('server-major'),
    clientMajor: count('client-major'),
    version: last('version'),
    freeForCheck: count('free'),
    cautions: lines.filter(([word]) => word === 'caution').map(([, value]) => value),
  };
}

/** Single quotes around a word for a shell, where it needs them. For commands that people type. */
export function quoteForPeople(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Reads the settings header into the file $f, in the container's memory where it has such a place. */
export const readSettings = `
umask 077
f=$(mktemp /dev/shm/deploy-actions-XXXXXX 2>/dev/null || mktemp) || exit 1
trap 'rm -f "$f"' EXIT
trap 'exit 143' HUP INT TERM
IFS= read -r count
while [ "$count" -gt 0 ]; do IFS= read -r line || break; printf '%s\\n' "$line"; count=$((count - 1)); done > "$f"
secret() { eval "value=\\\${$1:-}; file=\\\${$1_FILE:-}"; [ -n "$value" ] || [ -z "$file" ] || value=$(cat "$file"); }
first() { for n; do secret "$n"; [ -z "$value" ] || break; done; }`;
