import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { runDetached } from './detached.ts';
import { closeEngineDoor, engineDoorOf, longestAskMs, type EngineDoor } from './engine-door.ts';
import { commandFailed, type ExecOptions, type Host } from './host.ts';

/** One step of a batch: a shell script of ours with arguments, or a program of its own (see {@link programPart}). */
export interface BatchPart {
  /** What a message calls it: "write the release record". */
  readonly purpose: string;
  readonly source: string;
  readonly args?: readonly string[];
  /** Whole lines; a missing last newline is added. The part must read all of it. */
  readonly stdin?: string;
  /** A failure of this part does not end the batch; the caller looks at its code. */
  readonly mayFail?: boolean;
  /** The error for a code that is not 0, where the part's own codes mean something; default COMMAND_FAILED. */
  readonly fail?: (result: PartResult) => Error;
  /**
   * Of a look at Docker: the same result, asked of the engine itself. Taken where the host has a door to it and the part
   * begins or ends its batch, so that order stays; where it rejects, the part runs as a command after all.
   */
  readonly ask?: (engine: EngineDoor, signal: AbortSignal) => Promise<PartResult>;
}

export interface PartResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** For a result that {@link runBatch} gives in any case, and that an array's type cannot promise. */
export const noResult: PartResult = { code: 0, stdout: '', stderr: '' };

/** A program with arguments as a part. */
export function programPart(
  purpose: string,
  argv: readonly string[],
  more: Pick<BatchPart, 'stdin' | 'mayFail' | 'fail'> = {},
): BatchPart {
  return { purpose, source: 'exec "$@"', args: argv, ...more };
}

/**
 * $1 a token that no output holds, then for each part: count of its words, lines of its stdin (`0`, a number, or `all`
 * for the last one that has any), `may-fail` or `must`, and the words: source, $0 and arguments. Each part is a shell of
 * its own; after each one, both streams get a line with the token and its exit code. The first failure ends it.
 */
const driver = `
token=$1; shift
take() { trap '' PIPE; while [ "$1" -gt 0 ] && IFS= read -r line; do printf '%s\\n' "$line"; set -- $(($1 - 1)); done 2>/dev/null; }
while [ $# -gt 0 ]; do
  count=$1 lines=$2 rule=$3; shift 3
  words= k=1
  while [ "$k" -le "$count" ]; do words="$words \\"\\\${$k}\\""; k=$((k + 1)); done
  case $lines in
    0) eval "sh -c $words" < /dev/null ;;
    all) eval "sh -c $words" ;;
    *) take "$lines" | eval "sh -c $words" ;;
  esac
  code=$?
  printf '\\n%s %s\\n' "$token" "$code"; printf '\\n%s %s\\n' "$token" "$code" >&2
  [ "$code" -eq 0 ] || [ "$rule" = may-fail ] || exit "$code"
  shift "$count"
done`;

export interface BatchOptions extends Omit<ExecOptions, 'stdin' | 'onStdoutLine' | 'onStderrLine' | 'cwd' | 'env'> {
  /** For what may take long: the batch goes on when the connection breaks, and is found again ({@link runDetached}). */
  readonly isDetached?: boolean;
  /**
   * The stdin of the last part that has one, known later: all parts' stdin waits for it, and so does the first part that
   * has any. Where it rejects, all of it is empty.
   */
  readonly lateStdin?: Promise<string>;
}

/**
 * Runs the parts one after another in ONE remote command: a round trip and a login shell for all of them. A part runs
 * only after every earlier one has succeeded, so a journal line in front is on disk before the mutation behind it begins.
 * @returns one result for each part, in order
 * @throws what the part's `fail` makes of it, else HostError COMMAND_FAILED with the part's purpose
 */
export async function runBatch(
  host: Host,
  parts: readonly BatchPart[],
  options: BatchOptions = {},
): Promise<readonly PartResult[]> {
  // Who makes it tells what it fails with; it may fail before anything here awaits it.
  options.lateStdin?.catch(() => undefined);
  const door = options.isDetached === true ? undefined : engineDoorOf(host);
  if (door === undefined) return runCommands(host, parts, options);
  const before = await askInTurn(host, door, parts, options);
  const rest = parts.slice(before.length);
  const last = rest.findLastIndex(({ ask }) => ask === undefined);
  const ran = last < 0 ? [] : await runCommands(host, rest.slice(0, last + 1), options);
  const looks = rest.slice(last + 1);
  // Nothing was run and the engine gave no answer: no use in asking it again.
  const after = last < 0 ? [] : await askInTurn(host, door, looks, options);
  const unanswered = looks.slice(after.length);
  const byCommand = unanswered.length === 0 ? [] : await runCommands(host, unanswered, options);
  return [...before, ...ran, ...after, ...byCommand];
}

/**
 * Asks the engine for the looks that the parts begin with, one after another.
 * @returns the results of those before the first that got none
 * @throws what a part makes of its result, as {@link runBatch} does
 */
async function askInTurn(
  host: Host,
  door: EngineDoor,
  parts: readonly BatchPart[],
  { signal, timeoutMs = longestAskMs }: BatchOptions,
): Promise<readonly PartResult[]> {
  const bound = AbortSignal.timeout(Math.min(timeoutMs, longestAskMs));
  const until = signal === undefined ? bound : AbortSignal.any([signal, bound]);
  const results: PartResult[] = [];
  for (const part of parts) {
    const result = await part.ask?.(door, until).catch(() => undefined);
    // An engine that let a look wait so long for nothing would let the next one wait too.
    if (bound.aborted) closeEngineDoor(host);
    if (result === undefined) break;
    if (result.code !== 0 && part.mayFail !== true)
      throw part.fail?.(result) ?? commandFailed(host, part.purpose, result);
    results.push(result);
  }
  return results;
}

/** The parts as one remote command. */
async function runCommands(
  host: Host,
  parts: readonly BatchPart[],
  options: BatchOptions,
): Promise<readonly PartResult[]> {
  const token = `part-${randomBytes(9).toString('hex')}`;
  const lastWithStdin = parts.findLastIndex((part) => part.stdin !== undefined);
  const words = parts.flatMap((part, index) => {
    const argv = [part.source, 'sh', ...(part.args ?? [])];
    const lines = index === lastWithStdin ? 'all' : countLines(part.stdin);
    return [String(argv.length), lines, part.mayFail === true ? 'may-fail' : 'must', ...argv];
  });
  const known = parts.map((part) => withNewline(part.stdin ?? '')).join('');
  const { isDetached = false, lateStdin, ...bounds } = options;
  const stdin = lateStdin === undefined ? known : Readable.from(whenKnown(known, lateStdin), { objectMode: false });
  const argv = [token, ...words];
  const result = isDetached
    ? await runDetached(host, driver, argv, { ...bounds, stdin: known })
    : await host.script(driver, argv, { ...bounds, stdin });
  const results = splitResults(result, token);
  const failed = results.findIndex(({ code }, index) => code !== 0 && parts[index]?.mayFail !== true);
  const part = parts[failed] ?? (results.length < parts.length ? parts[results.length] : undefined);
  if (part === undefined) return results;
  const outcome = results[failed] ?? { code: result.code, stdout: result.stdout, stderr: result.stderr };
  throw part.fail?.(outcome) ?? commandFailed(host, part.purpose, outcome);
}

async function* whenKnown(known: string, late: Promise<string>): AsyncIterable<Buffer> {
  const rest = await late.catch(() => undefined);
  if (rest !== undefined) yield Buffer.from(known + withNewline(rest));
}

function withNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function countLines(text: string | undefined): string {
  return String(withNewline(text ?? '').split('\n').length - 1);
}

/** Pure. Cuts both streams at the token lines. */
function splitResults(output: PartResult, token: string): readonly PartResult[] {
  const cut = (text: string): readonly string[] => text.split(new RegExp(`\\n${token} (\\d+)\\n`));
  const out = cut(output.stdout);
  const err = cut(output.stderr);
  const count = (out.length - 1) / 2;
  return Array.from({ length: count }, (_, index) => ({
    stdout: out[index * 2] ?? '',
    code: Number(out[index * 2 + 1]),
    stderr: err[index * 2] ?? '',
  }));
}
