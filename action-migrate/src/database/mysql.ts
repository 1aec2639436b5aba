import { quoteForPeople, readSettings, type DatabaseEngine, type RestoreTarget } from './engine.ts';

/** Between the tables, which the check loads into a scratch database, and the events, which must not run there. */
const eventsMark = '-- deploy-actions: events';

const prelude = `${readSettings}
find_program() { for program; do command -v "$program" && return 0; done; echo "there is no $1 in this container" >&2; exit 127; }
dump=$(find_program mariadb-dump mysqldump) || exit 127
cli=$(find_program mariadb mysql) || exit 127
name=$1
if [ ! -s "$f" ]; then
  first MARIADB_DATABASE MYSQL_DATABASE; name=\${1:-$value}
  first MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD; user=root
  if [ -n "$2" ] && [ "$2" != root ] || [ -z "$value" ]; then
    first MARIADB_USER MYSQL_USER; user=\${2:-\${value:-root}}
    first MARIADB_PASSWORD MYSQL_PASSWORD
  fi
  escape() { printf '%s' "$1" | sed 's/[\\\\"]/\\\\&/g'; }
  printf '[client]\\nuser="%s"\\npassword="%s"\\n' "$(escape "$user")" "$(escape "$value")" > "$f"
fi
[ -n "$name" ] || { echo 'no database is named: set database-name' >&2; exit 64; }
sql() { "$cli" --defaults-extra-file="$f" --batch --skip-column-names --connect-timeout=15 "$@"; }`;

const factsScript = `${prelude}
sql "$name" <<'SQL' || exit $?
select concat('name ', database());
select concat('user ', substring_index(user(), '@', 1));
select concat('bytes ', cast(coalesce(sum(data_length + index_length), 0) as unsigned)) from information_schema.tables where table_schema = database();
select concat('version ', if(version() like '%MariaDB%', 'MariaDB ', 'MySQL '), substring_index(version(), '-', 1));
select concat('caution ', count(*), ' tables do not take part in transactions (', group_concat(distinct engine), '): rows that change meanwhile may not fit together') from information_schema.tables where table_schema = database() and table_type = 'BASE TABLE' and engine not in ('InnoDB', 'ROCKSDB') having count(*) > 0;
SQL
folder=$(sql -e 'select @@datadir')
if [ -d "$folder" ]; then
  df -Pk "$folder" | tail -n 1 | { read -r _ _ _ free _; printf 'free %s\\n' "$((free * 1024))"; }
fi`;

/** Tables, views, routines and triggers; then, behind a mark, the events. */
const dumpScript = `${prelude}
"$dump" --defaults-extra-file="$f" --single-transaction --quick --comments --hex-blob --no-tablespaces --routines --triggers --skip-events "$name" || exit $?
printf '%s\\n' '${eventsMark}'
"$dump" --defaults-extra-file="$f" --comments --no-tablespaces --no-data --no-create-info --skip-triggers --events "$name"`;

/** Exit code 0 proves that every statement of the dump was executed: both trailers are there, and the tables are counted. */
const checkScript = `${prelude}
scratch=$3
sql -e "drop database if exists $scratch; create database $scratch" || exit $?
trap 'sql -e "drop database if exists $scratch"; rm -f "$f"' EXIT
sed '/^${eventsMark}$/q' | sql "$scratch" || exit $?
count() { sql -e "select count(*) from information_schema.tables where table_schema = '$1'"; }
wanted=$(count "$name"); found=$(count "$scratch")
[ "$wanted" = "$found" ] || { echo "the database has $wanted tables, the backup $found" >&2; exit 1; }`;

export const mysql: DatabaseEngine = {
  kind: 'mysql',
  title: 'MySQL or MariaDB',
  extension: 'sql',
  factsScript,
  dumpScript,
  checkScript,
  checkTitle: 'trailer found, loaded into a scratch database',
  restoreCommand,
};

function restoreCommand({ containerName, path, name, user, remote }: RestoreTarget): string {
  const again = `drop database if exists \\\`${name}\\\`; create database \\\`${name}\\\``;
  const from = `< ${quoteForPeople(path)}`;
  const load = (options: string): string =>
    `c=$(command -v mariadb || command -v mysql); $c ${options} -e "${again}" && $c ${options} ${quoteForPeople(name)}`;
  if (remote === undefined) {
    const password =
      user === 'root' ? '${MARIADB_ROOT_PASSWORD:-$MYSQL_ROOT_PASSWORD}' : '${MARIADB_PASSWORD:-$MYSQL_PASSWORD}';
    const script = `export MYSQL_PWD="${password}"; ${load(`--user=${user}`)}`;
    return `docker exec -i ${quoteForPeople(containerName)} sh -c ${quoteForPeople(script)} ${from}`;
  }
  const script = load(`--host=${remote.host} --port=${remote.port} --user=${remote.user}`);
  return `docker run --rm -i --network host --env MYSQL_PWD --entrypoint sh ${quoteForPeople(remote.image)} -c ${quoteForPeople(script)} ${from}`;
}
