import { randomBytes } from 'node:crypto';
import { systemClock, type Clock } from '../time/clock.ts';
import { HostError, type ExecOptions, type ExecResult, type Host } from './host.ts';
import { stopSource } from './launcher.ts';

/** How a detached script is run. Its stdin must be there as a whole: the connection that brings it may break. */
export interface DetachedOptions extends Omit<ExecOptions, 'stdin' | 'cwd' | 'env'> {
  readonly stdin?: string;
  /** For tests. */
  readonly clock?: Clock;
  /** Said when the connection broke and when it stands again. */
  readonly say?: (line: string) => void;
}

/**
 * Shared by both scripts. $dir is where the step lives: `code` its exit status once it has ended, `pid`, `token`, and what it
 * printed. A step whose process is gone without a status died with the server, or was killed.
 */
const prelude = `
umask 077
dir=\${TMPDIR:-/tmp}/$1
nap() { sleep 0.1 2>/dev/null || sleep 1; }
lives() { [ ! -f "$dir/code" ] && kill -0 "$(cat "$dir/pid")" 2>/dev/null; }
finish() {
  tail -c +$((out + 1)) "$dir/out"; tail -c +$((err + 1)) "$dir/err" >&2
  exit "$(cat "$dir/code" 2>/dev/null || echo 137)"
}
follow() {
  while lives; do
    o=$(wc -c < "$dir/out"); e=$(wc -c < "$dir/err")
    [ "$o" -le "$out" ] || { tail -c +$((out + 1)) "$dir/out" | head -c $((o - out)); out=$o; }
    [ "$e" -le "$err" ] || { tail -c +$((err + 1)) "$dir/err" | head -c $((e - err)) >&2; err=$e; }
    nap
  done
}
out=0 err=0`;

/**
 * $1 name of the step, $2 bytes of stdin, $3 \`lines\` where somebody wants the output as it comes, then the script and its
 * arguments. The step writes to files, never to the connection: a process that prints to a dead one dies half done.
 * stdin, which may hold secrets, is a file only until the step has opened it; one that did not arrive whole starts nothing.
 * What an earlier step left is removed by the next one: who sees an end cannot know whether anybody hears of it.
 */
const startSource = `${prelude}
bytes=$2 mode=$3; shift 3
for old in "\${dir%/*}"/deploy-step-*; do
  [ ! -O "$old/code" ] || [ -z "$(find "$old" -prune -mmin +10 2>/dev/null)" ] || rm -rf "$old"
done
mkdir "$dir" || exit 1
in=$dir/in
[ ! -d /dev/shm ] || [ ! -w /dev/shm ] || in=/dev/shm/\${dir##*/}
cat > "$in"
[ "$(wc -c < "$in")" -eq "$bytes" ] || { rm -rf "$in" "$dir"; exit 1; }
printf %s "$DEPLOY_COMMAND_TOKEN" > "$dir/token"
: > "$dir/out"; : > "$dir/err"
(
  trap '' HUP PIPE
  exec < "$in"
  rm -f "$in"
  sh -c "$@" > "$dir/out" 2> "$dir/err"
  echo $? > "$dir/code.new"; mv "$dir/code.new" "$dir/code"
) > /dev/null 2>&1 &
echo $! > "$dir/pid"
[ "$mode" = lines ] || wait $!
follow
finish`;

/** $1 name of the step. 222 where there is none of that name: it never began. */
const resumeSource = `${prelude}
tries=30
while [ ! -f "$dir/pid" ] && [ "$tries" -gt 0 ]; do tries=$((tries - 1)); nap; done
[ -f "$dir/pid" ] || { rm -rf "$dir"; exit 222; }
follow
finish`;

/** $1 name of the step, $2 tenths of a second: as a command of one connection is stopped. */
const stopStep = `${prelude}
token=$(cat "$dir/token") || exit 0
tenths=$2
set -- "$token" "$tenths"
${stopSource}
rm -rf "$dir"`;

/** A cut network often comes back within two minutes; a refused key or another host key does not. */
const redialForMs = 120_000;
const redialEveryMs = 3_000;
const neverBegan = 222;

/**
 * Runs a script that may take long so that it does not depend on the connection: it goes on when that breaks, and is found
 * again over the next one. While nothing breaks it is one remote command, as {@link Host.script} is.
 * @returns as script does; its whole output, whichever connection brought it
 * @throws HostError CONNECTION_LOST when no connection comes back, or it broke before the script had begun; COMMAND_TIMEOUT;
 * CANCELLED
 */
export async function runDetached(
  host: Host,
  source: string,
  args: readonly string[],
  options: DetachedOptions = {},
): Promise<ExecResult> {
  const { stdin = '', clock = systemClock, say, onStdoutLine, onStderrLine, ...bounds } = options;
  const name = `deploy-step-${randomBytes(9).toString('hex')}`;
  const mode = onStdoutLine === undefined && onStderrLine === undefined ? 'quiet' : 'lines';
  const start = clock.now();
  const words = [name, String(Buffer.byteLength(stdin)), mode, source, 'sh', ...args];
  const seen = { stdout: 0, stderr: 0 };
  const listeners = (): Pick<ExecOptions, 'onStdoutLine' | 'onStderrLine'> => ({
    ...(onStdoutLine === undefined ? {} : { onStdoutLine: onlyNew(seen, 'stdout', onStdoutLine) }),
    ...(onStderrLine === undefined ? {} : { onStderrLine: onlyNew(seen, 'stderr', onStderrLine) }),
  });
  let loss: HostError;
  try {
    return await host.script(startSource, words, { ...bounds, ...listeners(), stdin });
  } catch (thrown) {
    if (!isLoss(thrown)) throw await stopped(host, name, thrown);
    loss = thrown;
  }
  for (;;) {
    say?.(`${host.name}: the connection broke; the step goes on on the server. Connecting again.`);
    await redial(host, loss, clock, bounds.signal);
    say?.(`${host.name}: connected again.`);
    const left =
      options.timeoutMs === undefined ? {} : { timeoutMs: Math.max(1, options.timeoutMs - (clock.now() - start)) };
    try {
      const result = await host.script(resumeSource, [name], { ...bounds, ...left, ...listeners() });
      if (result.code === neverBegan) throw loss;
      return result;
    } catch (thrown) {
      if (thrown === loss) throw thrown;
      if (!isLoss(thrown)) throw await stopped(host, name, thrown);
      loss = thrown;
    }
  }
}

/** A step whose time is up or whose job is cancelled must not go on. */
async function stopped(host: Host, name: string, reason: unknown): Promise<unknown> {
  await host.script(stopStep, [name, '20'], { timeoutMs: 10_000 }).catch(() => undefined);
  return reason;
}

function isLoss(thrown: unknown): thrown is HostError {
  return thrown instanceof HostError && thrown.code === 'CONNECTION_LOST';
}

/** Each connection brings the output from its beginning; a listener hears each line once. */
function onlyNew<Stream extends 'stdout' | 'stderr'>(
  seen: Record<Stream, number>,
  stream: Stream,
  listener: (line: string) => void,
): (line: string) => void {
  let count = 0;
  return (line) => {
    if (++count <= seen[stream]) return;
    seen[stream] = count;
    listener(line);
  };
}

async function redial(host: Host, loss: HostError, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  // A host that dials by itself does so at its next command.
  if (host.reconnect === undefined) return;
  const start = clock.now();
  const never = new AbortController().signal;
  for (;;) {
    try {
      await host.reconnect(signal ?? never);
      return;
    } catch (thrown) {
      const mayComeBack = thrown instanceof HostError && /^(HOST_UNREACHABLE|CONNECTION_LOST)$/.test(thrown.code);
      if (!mayComeBack) throw thrown;
      if (clock.now() - start >= redialForMs) throw loss;
    }
    await clock.sleep(redialEveryMs, signal ?? never);
  }
}
