import { postgresPrelude } from '../database/postgres.ts';

/** Exit code of {@link applyScript} when the file is not what was sent; psql was not started. */
export const changedOnTheWay = 65;

/** Raised by {@link applyScript} when another session holds the advisory lock. */
export const lockHeldState = 'DA001';

/** Raised by {@link applyScript} when the file was applied meanwhile, by the session that held the lock. */
export const appliedState = 'DA002';

/** Two numbers of our own: the lock that every migration of one database asks for, and never waits for. */
const lockKey = '1145389377, 1';

/**
 * $3 file in the container, $4 `single` or `alone`, $5 its sha256, $6 its name, $7 lock_timeout, $8 statement_timeout,
 * $9 the run. The lock is asked for, never waited for: a session that waits for an advisory lock deadlocks with CREATE
 * INDEX CONCURRENTLY (research B2). That the file was applied is written in the file's own transaction.
 */
export const applyScript = `${postgresPrelude}
export PGAPPNAME="deploy-actions $9"
printf '%s  %s\\n' "$5" "$3" | sha256sum -c >/dev/null 2>&1 || { echo "the content of $6 changed on its way to the server" >&2; exit ${changedOnTheWay}; }
cat > "$f.head" <<'SQL'
\\set QUIET on
set client_min_messages = notice;
select pg_try_advisory_lock(${lockKey}) as deploy_actions_free \\gset
\\if :deploy_actions_free
\\else
do $$ begin raise exception 'another session migrates this database' using errcode = '${lockHeldState}'; end $$;
\\endif
select exists (select from deploy_actions.applied_files where sha256 = :'deploy_actions_sha256') as deploy_actions_done \\gset
\\if :deploy_actions_done
do $$ begin raise exception 'applied meanwhile' using errcode = '${appliedState}'; end $$;
\\endif
set lock_timeout = :'deploy_actions_lock';
set statement_timeout = :'deploy_actions_statement';
SQL
cat > "$f.tail" <<'SQL'
reset role;
insert into deploy_actions.applied_files (sha256, name, run) values (:'deploy_actions_sha256', :'deploy_actions_name', :'deploy_actions_run') on conflict do nothing;
SQL
trap 'rm -f "$f" "$f.head" "$f.tail"' EXIT
single=
[ "$4" = alone ] || single=--single-transaction
psql -X $single -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -v deploy_actions_lock="$7" -v deploy_actions_statement="$8" \\
  -v deploy_actions_sha256="$5" -v deploy_actions_name="$6" -v deploy_actions_run="$9" -f "$f.head" -f "$3" -f "$f.tail"`;

/** $3 `make` or empty. What this database remembers: kept in the database, so that a restored backup remembers what it holds, and no more. */
export const rememberScript = `${postgresPrelude}
psql -XAtq -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -v make="$3" <<'SQL'
set client_min_messages = warning;
set lock_timeout = '10s';
select to_regclass('deploy_actions.applied_files') is null and :'make' = 'make' as deploy_actions_new \\gset
\\if :deploy_actions_new
create schema if not exists deploy_actions;
create table if not exists deploy_actions.applied_files (
  sha256 text primary key, name text not null, run text not null, applied_at timestamptz not null default now());
\\endif
select to_regclass('deploy_actions.applied_files') is not null as deploy_actions_there \\gset
\\if :deploy_actions_there
select 'applied ' || sha256 || ' ' || name from deploy_actions.applied_files;
\\endif
select 'invalid ' || indexrelid::regclass::text || ' on ' || indrelid::regclass::text from pg_index where not indisvalid;
SQL`;

/** $3 the sha256 of a file that shall be applied again. */
export const unrememberScript = `${postgresPrelude}
psql -XAtq -v ON_ERROR_STOP=1 -v sha256="$3" <<'SQL'
delete from deploy_actions.applied_files where sha256 = :'sha256';
SQL`;

/** $3 the run. Prints a line for each of its sessions that still works. */
export const sessionsScript = `${postgresPrelude}
psql -XAtq -v ON_ERROR_STOP=1 -v run="$3" <<'SQL'
select pid from pg_stat_activity where application_name = left('deploy-actions ' || :'run', 63) and pid <> pg_backend_pid();
SQL`;

/** $3 the run. Ends its sessions: their transactions are rolled back. */
export const terminateScript = `${postgresPrelude}
psql -XAtq -v ON_ERROR_STOP=1 -v run="$3" <<'SQL'
select pg_terminate_backend(pid) from pg_stat_activity where application_name = left('deploy-actions ' || :'run', 63) and pid <> pg_backend_pid();
SQL`;

/** Who may hold a lock that somebody else waits for: the oldest open transactions of this database. */
export const blockersScript = `${postgresPrelude}
psql -XAtq -v ON_ERROR_STOP=1 <<'SQL'
select 'pid ' || pid || ' (' || state || ', transaction open for ' || date_trunc('second', now() - xact_start) || coalesce(', ' || nullif(application_name, ''), '') || ', user ' || usename || ')'
from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null and state <> 'idle'
order by xact_start limit 3;
SQL`;

/** $3 file in the container; the content follows the settings header. */
export const uploadScript = `
umask 077
IFS= read -r count
while [ "$count" -gt 0 ]; do IFS= read -r line || break; count=$((count - 1)); done
mkdir -p "\${3%/*}" && cat > "$3"`;

/** $3 folder in the container. */
export const forgetScript = 'rm -rf "$3"';
