import { spawn } from 'node:child_process';

/** How a program ended and what it printed (stdout and stderr in order of arrival). */
export interface ProgramResult {
  readonly code: number;
  readonly output: string;
}

/** Runs a program to its end, without a shell. It never rejects: a program that cannot start is code 127. */
export function runProgram(
  file: string,
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly onOutput?: (chunk: string) => void;
  },
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const { cwd, env = process.env } = options;
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (chunk: string): void => {
      output += chunk;
      options.onOutput?.(chunk);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Runs tasks, at most `width` of them at a time; results keep the order of the items. */
export async function mapParallel<T, R>(
  items: readonly T[],
  width: number,
  task: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Map<number, R>();
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results.set(index, await task(item));
  };
  await Promise.all(Array.from({ length: width }, work));
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}
