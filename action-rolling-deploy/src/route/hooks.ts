import type { Container } from '@deploy-actions/kit/compose/container';
import { HostError, lastLines, type ExecResult } from '@deploy-actions/kit/host/host';
import type { Hook } from './route-facts.ts';
import type { RouteWork } from './route-work.ts';

const hookTimeoutMs = 60_000;

/** argv of one hook. Its variables arrive by standard input: on a command line every user of the server could read them. */
export function hookCommand(id: string, hook: Hook): readonly string[] {
  return [
    'docker',
    'exec',
    ...(hook.user === undefined ? [] : ['--user', hook.user]),
    ...(hook.workingDir === undefined ? [] : ['--workdir', hook.workingDir]),
    ...(hook.isPrivileged ? ['--privileged'] : []),
    ...(hook.environment.length === 0 ? [] : ['--env-file', '/dev/stdin']),
    id,
    ...hook.command,
  ];
}

/**
 * Runs pre-stop hooks in a container, one after another. One that fails is said and the deploy goes on: the container is
 * about to be stopped anyway, and the new one serves.
 */
export async function runHooks({ host, log }: RouteWork, container: Container, hooks: readonly Hook[]): Promise<void> {
  for (const hook of hooks) {
    const stdin = hook.environment.length === 0 ? {} : { stdin: `${hook.environment.join('\n')}\n` };
    let result: ExecResult;
    try {
      result = await host.exec(hookCommand(container.id, hook), { timeoutMs: hookTimeoutMs, ...stdin });
    } catch (thrown) {
      if (!(thrown instanceof HostError) || thrown.code !== 'COMMAND_TIMEOUT') throw thrown;
      log(`${container.name}: pre-stop hook did not end within ${hookTimeoutMs / 1000}s; going on`);
      continue;
    }
    if (result.code === 0) continue;
    const said = lastLines(result.stderr.trim() === '' ? result.stdout : result.stderr, 1).join('');
    log(`${container.name}: pre-stop hook ended with ${result.code}: ${said}; going on`);
  }
}
