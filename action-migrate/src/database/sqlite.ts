import { quoteForPeople, readSettings, type DatabaseEngine, type RestoreTarget } from './engine.ts';

/** SQLite's own shell, or the module that every Python brings: an image of a Django app often has the second alone. */
const prelude = `${readSettings}
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$f" "$folder"' EXIT
if command -v sqlite3 >/dev/null; then tool=sqlite3
elif command -v python3 >/dev/null; then tool=python3
else echo 'there is neither sqlite3 nor python3 in this container: name one that has it in client-image' >&2; exit 127
fi`;

const factsScript = `${prelude}
[ -f "$1" ] || { echo "$1 does not exist in this container" >&2; exit 66; }
printf 'name %s\\nuser -\\nbytes %s\\n' "$1" "$(wc -c < "$1")"
case $tool in
  sqlite3) printf 'version SQLite %s\\n' "$(sqlite3 --version | cut -d ' ' -f 1)" ;;
  *) printf 'version SQLite %s\\n' "$(python3 -c 'import sqlite3; print(sqlite3.sqlite_version)')" ;;
esac
df -Pk "$folder" | tail -n 1 | { read -r _ _ _ free _; printf 'free %s\\n' "$((free * 1024))"; }`;

/** SQLite's online backup: consistent while the app writes, journal or WAL. */
const dumpScript = `${prelude}
case $tool in
  sqlite3) sqlite3 -cmd '.timeout 30000' "$1" ".backup '$folder/copy'" || exit $? ;;
  *) python3 -c '
import sqlite3, sys
source = sqlite3.connect(sys.argv[1], timeout=30)
target = sqlite3.connect(sys.argv[2])
source.backup(target)
target.close()' "$1" "$folder/copy" || exit $? ;;
esac
cat "$folder/copy"`;

const checkScript = `${prelude}
cat > "$folder/copy" || exit $?
case $tool in
  sqlite3) said=$(sqlite3 "$folder/copy" 'PRAGMA integrity_check') ;;
  *) said=$(python3 -c 'import sqlite3, sys; print("\\n".join(r[0] for r in sqlite3.connect(sys.argv[1]).execute("PRAGMA integrity_check")))' "$folder/copy") ;;
esac || exit 1
[ "$said" = ok ] || { printf '%s\\n' "$said" >&2; exit 1; }`;

export const sqlite: DatabaseEngine = {
  kind: 'sqlite',
  title: 'SQLite',
  extension: 'sqlite3',
  factsScript,
  dumpScript,
  checkScript,
  checkTitle: 'integrity_check of the whole copy',
  restoreCommand,
};

/** With the app stopped: a file that is replaced under an open connection would be written over by it. */
function restoreCommand({ containerName, path, name, image }: RestoreTarget): string {
  // In place, so that owner and mode stay.
  const script = 'rm -f "$1-wal" "$1-shm" "$1-journal" && cat > "$1"';
  const container = quoteForPeople(containerName);
  const client = `docker run --rm -i --user 0 --volumes-from ${container} --entrypoint sh ${quoteForPeople(image)}`;
  return `docker stop ${container} && ${client} -c ${quoteForPeople(script)} sh ${quoteForPeople(name)} < ${quoteForPeople(path)} && docker start ${container}`;
}
