import { HostError, lastLines, type Host } from '@deploy-actions/kit/host/host';
import { formatDuration } from '@deploy-actions/kit/time/duration';
import type { Question } from './check.ts';
import { quoteText } from './quote.ts';
import type { Verdict } from './verdict.ts';

const captureBytes = 64 * 1024;

/**
 * Runs the command of an `exec` check inside one container; success is exit code 0. No shell reads it, neither on the
 * server nor in the container. A command that outlives the attempt is no longer waited for, but goes on in the container:
 * Docker cannot end it.
 */
export async function probeExec(
  host: Host,
  containerId: string,
  { command, user }: Extract<Question, { type: 'exec' }>,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Verdict> {
  const as = user === undefined ? [] : ['--user', user];
  const argv = ['docker', 'exec', ...as, containerId, ...command];
  try {
    return judgeExec(command, await host.exec(argv, { ...options, maxCaptureBytes: captureBytes }));
  } catch (thrown) {
    if (!(thrown instanceof HostError) || thrown.code !== 'COMMAND_TIMEOUT') throw thrown;
    const reason = `${command[0] ?? ''} did not end within ${formatDuration(options.timeoutMs)}`;
    return { ok: false, kind: 'exec', reason };
  }
}

/** Pure part of {@link probeExec}. */
export function judgeExec(
  command: readonly string[],
  result: { readonly code: number; readonly stdout: string; readonly stderr: string },
): Verdict {
  if (result.code === 0) return { ok: true };
  const said = lastLines(result.stderr.trim() === '' ? result.stdout : result.stderr, 1)[0] ?? '';
  const meaning =
    result.code === 126 ? ' (not executable)' : result.code === 127 ? ' (not found in the container)' : '';
  const words = said.trim() === '' ? '' : `: ${quoteText(said)}`;
  return {
    ok: false,
    kind: 'exec',
    reason: `${command[0] ?? ''} ended with exit code ${result.code}${meaning}${words}`,
  };
}
