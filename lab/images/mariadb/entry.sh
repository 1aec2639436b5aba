#!/bin/sh
# MariaDB in the foreground. First start: a data folder, root's password, the database MARIADB_DATABASE and its account MARIADB_USER.
set -eu
data=/var/lib/mysql
init=
if [ ! -d "$data/mysql" ]; then
  [ -n "${MARIADB_ROOT_PASSWORD:-}" ] || { echo 'MARIADB_ROOT_PASSWORD is not set' >&2; exit 1; }
  mariadb-install-db --no-defaults --datadir="$data" --skip-test-db --auth-root-authentication-method=normal > /dev/null
  umask 077
  {
    printf "ALTER USER root@localhost IDENTIFIED BY '%s';\n" "$MARIADB_ROOT_PASSWORD"
    printf 'CREATE DATABASE IF NOT EXISTS `%s`;\n' "${MARIADB_DATABASE:-app}"
    if [ -n "${MARIADB_USER:-}" ]; then
      printf "CREATE USER '%s'@'%%' IDENTIFIED BY '%s';\n" "$MARIADB_USER" "$MARIADB_PASSWORD"
      printf "GRANT ALL ON *.* TO '%s'@'%%';\n" "$MARIADB_USER"
    fi
  } > /tmp/init.sql
  init=--init-file=/tmp/init.sql
fi
exec mariadbd --no-defaults --datadir="$data" --socket=/run/mysqld/mysqld.sock --bind-address=0.0.0.0 \
  --innodb-buffer-pool-size=16M --innodb-log-file-size=4M --performance-schema=0 $init
