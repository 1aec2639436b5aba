import type { Container } from '@deploy-actions/kit/compose/container';
import { programPart } from '@deploy-actions/kit/host/batch';
import type { Hook } from './route-facts.ts';
import { lastWords } from './route-work.ts';
import type { RoutePart } from './route.ts';

const hookTimeoutSeconds = 60;

/** argv of one hook. Its variables arrive by standard input: on a command line every user of the server could read them. */
export function hookCommand(id: string, hook: Hook): readonly string[] {
  return [
    // A hook that hangs must not hold up the deploy: 124 is said, and the container is stopped all the same.
    'timeout',
    String(hookTimeoutSeconds),
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

/** Pre-stop hooks as parts of a batch, in order. None of them may end it: the container is about to be stopped anyway. */
export function hookParts(
  container: Pick<Container, 'id' | 'name'>,
  hooks: readonly Hook[],
  log: (line: string) => void,
): readonly RoutePart[] {
  return hooks.map((hook, index) => ({
    ...programPart(`pre-stop hook ${index + 1}`, hookCommand(container.id, hook), {
      mayFail: true,
      ...(hook.environment.length === 0 ? {} : { stdin: hook.environment.join('\n') }),
    }),
    onDone: (result) => {
      if (result.code === 0) return;
      const what = result.code === 124 ? 'took too long' : `ended with ${result.code}: ${lastWords(result)}`;
      log(`${container.name}: pre-stop hook ${index + 1} ${what}; going on`);
    },
  }));
}

/** How long the hooks may take altogether, in milliseconds. */
export function hookTimeoutMs(hooks: readonly Hook[]): number {
  return hooks.length * (hookTimeoutSeconds + 5) * 1_000;
}
