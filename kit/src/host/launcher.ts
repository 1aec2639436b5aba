import { HostError } from './host.ts';
import { quoteCommand } from './quote.ts';

/**
 * A command as it is handed to `sh` on the server. `token` is random per command: it marks where the command's own output
 * begins, and it is in the environment of every process that the command starts, so that all of them can be found and stopped.
 */
export interface Launch {
  readonly token: string;
  readonly argv: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** All of its stdin, within the program text; without it, it comes from outside. NEVER secrets. */
  readonly input?: string;
}

/** The variable that carries {@link Launch.token}. */
const tokenVariable = 'DEPLOY_COMMAND_TOKEN';

/** Linux passes one argument of at most 128 KiB (MAX_ARG_STRLEN), and the whole command line is one argument of the login shell. */
const longestCommandLine = 120_000;

/**
 * Positional: token, folder or empty, number of variables, the variables as NAME=value, the command.
 * - The token is printed once on each stream. What stands before it was written by login scripts and is dropped.
 * - The command is not run when the folder cannot be entered (`cd x; command` would run it in $HOME).
 * - PATH is only added to: a non-interactive SSH session often lacks the folders where Docker lives (Synology, snap).
 * - The shell stays as parent: it turns death by signal n into exit status 128 + n on every transport.
 */
const launcherSource = `
token=$1 dir=$2 count=$3
shift 3
umask 022
PATH=$PATH:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/snap/bin
export PATH LC_ALL=C ${tokenVariable}="$token"
unset CDPATH ENV BASH_ENV
while [ "$count" -gt 0 ]; do export "$1"; shift; count=$((count - 1)); done
if [ -n "$dir" ]; then
  cd -- "$dir" || { printf '%s cwd\\n' "$token"; exit 1; }
fi
printf '%s ok\\n' "$token"
printf '%s ok\\n' "$token" >&2
`;
const runSource = `"$@"
exit $?
`;

/**
 * Stops every process that carries the token, wherever it has been re-parented: TERM, then KILL after $2 tenths of a second;
 * on a busy server a killed process may take its time to go, so that is waited for, a second at most.
 * Prints what is left. Positional: token, tenths. Only processes of the same user can be seen, and only on Linux (/proc).
 * A command that was told to stop while its shell only began has no process with the token yet: then that shell is found by
 * its program, whose first words are known ({@link launchProgram}), or what it is about to start would never be stopped.
 */
export const stopSource = `
find_processes() {
  found=$(grep -lF "${tokenVariable}=$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3)
  # The brackets: the pattern must not match the grep that looks for it.
  [ -n "$found" ] || found=$(grep -l "set -[-] [^ ]*$1" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3)
  [ -z "$found" ] || printf '%s\\n' $found
}
tenths=$2
pids=$(find_processes "$1")
[ -z "$pids" ] || kill -s TERM $pids 2>/dev/null
while [ -n "$pids" ] && [ "$tenths" -gt 0 ]; do
  sleep 0.1 2>/dev/null || { sleep 1; tenths=$((tenths - 9)); }
  tenths=$((tenths - 1))
  pids=$(find_processes "$1")
done
tenths=10
while [ -n "$pids" ] && [ "$tenths" -gt 0 ]; do
  kill -s KILL $pids 2>/dev/null
  sleep 0.1 2>/dev/null || { sleep 1; tenths=$((tenths - 9)); }
  tenths=$((tenths - 1))
  pids=$(find_processes "$1")
done
find_processes "$1" | wc -l
`;

/**
 * The program text that runs a command: for `sh -c`.
 * @throws HostError COMMAND_FAILED for words that no program can get (NUL), a variable that is none, or a text over the limit of Linux
 */
export function launchProgram(launch: Launch): string {
  const variables = Object.entries(launch.env ?? {});
  for (const [name] of variables) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw refused(`${JSON.stringify(name)} is not a name of an environment variable.`);
  }
  const words = [
    launch.token,
    launch.cwd === undefined ? '' : anchored(launch.cwd),
    String(variables.length),
    ...variables.map(([name, value]) => `${name}=${value}`),
    ...launch.argv,
  ];
  if (launch.argv.length === 0) throw refused('there is no command to run.');
  const { input } = launch;
  if ([...words, input ?? ''].some((word) => word.includes('\0')))
    throw refused('a word of the command contains a NUL byte.');
  const feed = input === undefined ? '' : `${quoteCommand(['printf', '%s', input])} | `;
  const program = `set -- ${quoteCommand(words)}${launcherSource}${feed}${runSource}`;
  const bytes = Buffer.byteLength(program);
  if (bytes > longestCommandLine) {
    throw refused(
      `the command is ${bytes} bytes long, more than the ${longestCommandLine} that fit; lists go through stdin.`,
    );
  }
  return program;
}

/**
 * One command line that runs the program in `sh`, whatever the login shell is: only characters that sh, bash, zsh, csh and
 * fish all read alike inside single quotes stay as they are, everything else travels as octal and is decoded by `sh`.
 */
export function commandLine(program: string): string {
  const line = `exec sh -c 'eval "$(printf %b "$1")"' sh '${encode(program)}'`;
  if (line.length > longestCommandLine + 8_000) {
    throw refused(`the command is ${line.length} bytes long when quoted, more than fits; lists go through stdin.`);
  }
  return line;
}

/** csh expands `!` and chokes on newlines even inside single quotes; fish reads `\\` and `\'` there; locales differ on the rest. */
function encode(text: string): string {
  return text.replaceAll(/[^ "#-&(-[\]-~]/gu, (character) =>
    character === '\n'
      ? '\\n'
      : [...Buffer.from(character)].map((byte) => `\\0${byte.toString(8).padStart(3, '0')}`).join(''),
  );
}

/** `cd -- -` would go to the previous folder. */
function anchored(dir: string): string {
  return dir.startsWith('/') ? dir : `./${dir}`;
}

function refused(what: string): HostError {
  return new HostError({ code: 'COMMAND_FAILED', message: `the command was not run: ${what}` });
}
