import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { runDetached } from './detached.ts';
import { closeEngineDoor, engineDoorOf, longestAskMs, type EngineDoor, type EngineGate } from './engine-door.ts';
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
  /**
   * Of a change: the same, asked of the engine itself. Taken where the host has a door to it, in the part's turn, between
   * remote commands. Where it rejects, done or not, the part runs as a command after all: so that one must be right a second
   * time. Not for parts that have a stdin.
   */
  readonly act?: (engine: EngineGate, signal: AbortSignal) => Promise<PartResult>;
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
 * for the last one that has any), `may-fail` or `must`, and the words: source and arguments. Each part is a subshell of its
 * own, no program: that would be a millisecond of the server's processor each time. After each one, both streams get a line
 * with the token and its exit code. The first failure ends it.
 */
const driver = `
batch_token=$1; shift
batch_take() { trap '' PIPE; while [ "$1" -gt 0 ] && IFS= read -r batch_line; do printf '%s\n' "$batch_line"; set -- $(($1 - 1)); done 2>/dev/null; }
batch_part() { batch_source=$1; shift; eval "$batch_source"; }
while [ $# -gt 0 ]; do
  batch_count=$1 batch_lines=$2 batch_rule=$3; shift 3
  batch_words= batch_k=1
  while [ "$batch_k" -le "$batch_count" ]; do batch_words="$batch_words \\"\\\${$batch_k}\\""; batch_k=$((batch_k + 1)); done
  case $batch_lines in
    0) (eval "batch_part $batch_words" < /dev/null) ;;
    all) (eval "batch_part $batch_words") ;;
    *) batch_take "$batch_lines" | (eval "batch_part $batch_words") ;;
  esac
  batch_code=$?
  printf '\n%s %s\n' "$batch_token" "$batch_code"; printf '\n%s %s\n' "$batch_token" "$batch_code" >&2
  [ "$batch_code" -eq 0 ] || [ "$batch_rule" = may-fail ] || exit "$batch_code"
  shift "$batch_count"
done`;

export interface BatchOptions extends Omit<ExecOptions, 'stdin' | 'onStdoutLine' | 'onStderrLine' | 'cwd' | 'env'> {
  /** For what may take long: the batch goes on when the connection breaks, and is found again ({@link runDetached}). */
  readonly isDetached?: boolean;
  /**
   * The stdin of the last part that has one, known later: all parts' stdin waits for it, and so does the first part that
   * has any. Where it rejects, all of it is empty. NEVER secrets, in none of them: what is known soon goes in the command line.
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
  const ran = last < 0 ? [] : await runInTurn(host, door, rest.slice(0, last + 1), options);
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
    results.push(judged(host, part, result));
  }
  return results;
}

/** One after another: what the engine can be told goes to it, the commands between as one remote command each time. */
async function runInTurn(
  host: Host,
  door: EngineGate,
  parts: readonly BatchPart[],
  options: BatchOptions,
): Promise<readonly PartResult[]> {
  const results: PartResult[] = [];
  let commands: BatchPart[] = [];
  const runThem = async (): Promise<void> => {
    if (commands.length > 0) results.push(...(await runCommands(host, commands, options)));
    commands = [];
  };
  for (const part of parts) {
    if (part.act !== undefined && options.lateStdin === undefined) {
      await runThem();
      const result = await part.act(door, boundOf(options)).catch(() => undefined);
      if (result !== undefined) {
        results.push(judged(host, part, result));
        continue;
      }
    }
    commands.push(part);
  }
  await runThem();
  return results;
}

/** @throws what a part makes of its result, as {@link runBatch} does */
function judged(host: Host, part: BatchPart, result: PartResult): PartResult {
  if (result.code === 0 || part.mayFail === true) return result;
  throw failureOf(host, part, result);
}

function failureOf(host: Host, part: BatchPart, result: PartResult): Error {
  return part.fail?.(result) ?? commandFailed(host, part.purpose, result);
}

const defaultActMs = 60_000;

function boundOf({ signal, timeoutMs = defaultActMs }: BatchOptions): AbortSignal {
  const bound = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? bound : AbortSignal.any([signal, bound]);
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
    const argv = [part.source, ...(part.args ?? [])];
    const lines = index === lastWithStdin ? 'all' : countLines(part.stdin);
    return [String(argv.length), lines, part.mayFail === true ? 'may-fail' : 'must', ...argv];
  });
  const known = parts.map((part) => withNewline(part.stdin ?? '')).join('');
  const { isDetached = false, lateStdin, ...bounds } = options;
  const input = lateStdin === undefined ? { stdin: known } : lateInput(known, lateStdin);
  const argv = [token, ...words];
  const result = isDetached
    ? await runDetached(host, driver, argv, { ...bounds, stdin: known })
    : await host.script(driver, argv, { ...bounds, ...input });
  const results = splitResults(result, token);
  const failed = results.findIndex(({ code }, index) => code !== 0 && parts[index]?.mayFail !== true);
  const part = parts[failed] ?? (results.length < parts.length ? parts[results.length] : undefined);
  if (part === undefined) return results;
  const outcome = results[failed] ?? { code: result.code, stdout: result.stdout, stderr: result.stderr };
  throw failureOf(host, part, outcome);
}

function lateInput(known: string, late: Promise<string>): Pick<ExecOptions, 'stdin' | 'earlyStdin'> {
  let whole: string | undefined;
  late.then(
    (rest) => (whole = known + withNewline(rest)),
    () => undefined,
  );
  return { stdin: Readable.from(whenKnown(known, late), { objectMode: false }), earlyStdin: () => whole };
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
