import { programPart, type BatchPart } from '@deploy-actions/kit/host/batch';
import type { Hook } from './route-facts.ts';

const hookTimeoutSeconds = 60;
/** How the purpose of each part begins. */
export const hookPurpose = 'pre-stop hook';

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
export function hookParts(id: string, hooks: readonly Hook[]): readonly BatchPart[] {
  return hooks.map((hook, index) =>
    programPart(`${hookPurpose} ${index + 1}`, hookCommand(id, hook), {
      mayFail: true,
      ...(hook.environment.length === 0 ? {} : { stdin: hook.environment.join('\n') }),
    }),
  );
}

/** How long the hooks may take altogether, in milliseconds. */
export function hookTimeoutMs(hooks: readonly Hook[]): number {
  return hooks.length * (hookTimeoutSeconds + 5) * 1_000;
}
