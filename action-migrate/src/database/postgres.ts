import { quoteForPeople, readSettings, type DatabaseEngine, type RestoreTarget } from './engine.ts';

/**
 * Who to connect as: the settings from stdin, or what the images of PostgreSQL are configured by (POSTGRES_*; Bitnami's
 * POSTGRESQL_*). The password serves where the image's pg_hba.conf asks for one on its socket.
 */
export const postgresPrelude = `${readSettings}
export PGCONNECT_TIMEOUT=\${PGCONNECT_TIMEOUT:-15} PGAPPNAME=deploy-actions
unset PGOPTIONS
if [ -s "$f" ]; then
  export PGSERVICEFILE="$f" PGSERVICE=deploy
else
  first POSTGRES_USER POSTGRESQL_USERNAME; export PGUSER="\${2:-\${value:-postgres}}"
  first POSTGRES_DB POSTGRESQL_DATABASE; export PGDATABASE="\${1:-\${value:-$PGUSER}}"
  first POSTGRES_PASSWORD POSTGRESQL_PASSWORD; [ -z "$value" ] || export PGPASSWORD="$value"
fi`;

const factsScript = `${postgresPrelude}
for program in psql pg_dump pg_restore; do
  command -v $program >/dev/null || { echo "there is no $program in this container" >&2; exit 127; }
done
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL' || exit $?
select 'name ' || current_database();
select 'user ' || session_user;
select 'bytes ' || pg_database_size(current_database());
select 'server-major ' || current_setting('server_version_num')::int / 10000;
select 'version PostgreSQL ' || current_setting('server_version');
SQL
printf 'client-major %s\\n' "$(pg_dump --version | sed 's/^[^0-9]*\\([0-9]*\\).*/\\1/')"`;

const dumpScript = `${postgresPrelude}
pg_dump --format=custom --compress="$3"`;

/**
 * The whole archive is unpacked and written to nowhere. `pg_restore --list` would read its front part alone: it accepts
 * an archive that was cut in half or has rotten bytes (measured on PostgreSQL 15).
 */
const checkScript = `${readSettings}
pg_restore --file=/dev/null`;

export const postgres: DatabaseEngine = {
  kind: 'postgres',
  title: 'PostgreSQL',
  extension: 'dump',
  factsScript,
  dumpScript,
  checkScript,
  checkTitle: 'the whole archive read by pg_restore',
  restoreCommand,
};

/**
 * Drops the database and makes it again from the archive, so that nothing of a half-done migration stays. PostgreSQL
 * refuses the drop while somebody is connected, and then nothing has happened.
 */
function restoreCommand({ containerName, path, name, user, remote }: RestoreTarget): string {
  // The database that is dropped cannot be the one that is connected to.
  const first = name === 'template1' ? 'postgres' : 'template1';
  const options = ['--clean', '--if-exists', '--create', '--exit-on-error', `--dbname=${first}`];
  const from = `< ${quoteForPeople(path)}`;
  if (remote === undefined) {
    const words = ['docker', 'exec', '-i', containerName, 'pg_restore', ...options, `--username=${user}`];
    return `${words.map(quoteForPeople).join(' ')} ${from}`;
  }
  const where = [`--host=${remote.host}`, `--port=${remote.port}`, `--username=${remote.user}`];
  const client = [
    'docker',
    'run',
    '--rm',
    '-i',
    '--network',
    'host',
    '--env',
    'PGPASSWORD',
    remote.image,
    'pg_restore',
  ];
  return `${[...client, ...options, ...where].map(quoteForPeople).join(' ')} ${from}`;
}
