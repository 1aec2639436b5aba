/** How a program on the runner ended. */
export type ProgramEnd =
  | { readonly kind: 'exited'; readonly code: number; readonly stdout: string; readonly stderr: string }
  /** It could not be started, was killed, or took too long. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface ProgramOptions {
  readonly stdin: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const longestOutput = 1024 * 1024;
const stepSecret = /^(INPUT_|DEPLOY_(JUMP_)?SSH_|DEPLOY_REGISTRY_)/;

/**
 * Runs a small program on the runner (a credential helper) and waits for it. It has the step's environment, for helpers
 * find their own accounts there, but none of the step's inputs.
 * @throws the signal's reason
 */
export async function runLocalProgram(argv: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
  const { stdin, timeoutMs, signal } = options;
  signal.throwIfAborted();
  const [program = '', ...args] = argv;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !stepSecret.test(name)));
  // Most runs need no helper; loading it costs milliseconds.
  const { spawn } = await import('node:child_process');
  const end = await new Promise<ProgramEnd>((resolve) => {
    const child = spawn(program, args, { env, timeout: timeoutMs, killSignal: 'SIGKILL', signal });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        if (output[name].length < longestOutput) output[name] += chunk;
      });
    }
    child.once('error', ({ message }) => {
      resolve({ kind: 'failed', reason: message });
    });
    // Not waited for `close`: what a killed program started may hold its output open for ever.
    child.once('exit', (code, killed) => {
      if (code !== null) return;
      resolve({
        kind: 'failed',
        reason: `it was ended by ${killed ?? 'a signal'}, after ${timeoutMs / 1000}s at the latest`,
      });
    });
    child.once('close', (code) => {
      if (code !== null) resolve({ kind: 'exited', code, ...output });
    });
    // A program that does not read its input is no fault of ours.
    child.stdin.on('error', () => undefined).end(stdin);
  });
  signal.throwIfAborted();
  return end;
}
