import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { LabError } from './error.ts';

export interface CommandOptions {
  readonly stdin?: string | Buffer;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
  /** Resolve with the exit code instead of throwing when it is not 0. */
  readonly allowFailure?: boolean;
}

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one program (argv, never a shell line) to its end. Throws LabError with the last output lines when it fails. */
export async function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program = '', ...args] = argv;
  const result = await collect(program, args, options);
  if (result.exitCode !== 0 && options.allowFailure !== true) {
    const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-15).join('\n  ');
    throw new LabError(`${argv.join(' ')} ended with exit code ${String(result.exitCode)}:\n  ${said}`);
  }
  return result;
}

function collect(program: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.once('error', (cause) => {
      reject(new LabError(`cannot start ${program}: ${cause.message}`, { cause }));
    });
    child.once('close', (code, signal) => {
      const note = signal === null ? '' : `\nended by ${signal}`;
      resolve({
        // As a shell says it.
        exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]),
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8') + note,
      });
    });
    // A program that does not read its input closes the pipe: that is its right.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
  });
}
