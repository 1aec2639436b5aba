/** A finished backup on the server. */
export interface Backup {
  /** Absolute, on the server. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** How it was proved readable; undefined: it was not (a `backup-command` without `backup-check`). */
  readonly check: string | undefined;
  readonly durationMs: number;
  readonly database: string;
  /** For a shell on the server; empty where only its maker knows. */
  readonly restoreCommand: string;
}

export interface BackupName {
  readonly at: Date;
  readonly database: string;
  readonly runKey: string;
  readonly attempt: number;
  readonly extension: string;
}

/** `20261121T090501Z-shop-77-1.dump`: the order of names is the order of time. */
export function nameBackup({ at, database, runKey, attempt, extension }: BackupName): string {
  const stamp = at
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  const plain = database
    .replace(/^.*\//, '')
    .replaceAll(/[^\w.-]+/g, '_')
    .slice(0, 60);
  return `${stamp}-${plain}-${runKey}-${attempt}.${extension}`;
}

const pattern = /^\d{8}T\d{6}Z-.+\.(dump|sql|sqlite3|backup)$/;

/**
 * Which of the files in the folder go: all but the newest `keep`, and never one of `kept` (the way back from what no
 * release stands for yet). Files with other names are somebody else's.
 */
export function outdatedBackups(files: readonly string[], keep: number, kept: ReadonlySet<string>): readonly string[] {
  const own = files.filter((file) => pattern.test(file)).sort();
  return own.slice(0, Math.max(0, own.length - keep)).filter((file) => !kept.has(file));
}

/** Whether a dump of a database of this size is sure to fit: research measured 0.95 of the size without compression. */
export function needsRoom(databaseBytes: number): number {
  return databaseBytes + 16 * 1024 * 1024;
}
