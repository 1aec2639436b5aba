import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import type { Check } from './check.ts';
import type { GateSettings } from './gate.ts';

const shortestIntervalMs = 100;

/** There must be something that can be red, under a name of its own. @throws ConfigurationError */
export function requireChecks(checks: readonly Check[]): void {
  if (checks.length === 0) {
    throw new ConfigurationError(
      'there is nothing to check: the inputs `url`, `service` and `checks` are all empty.',
      'A gate without a check would be green whatever happens. Give one of them.',
    );
  }
  if (checks.every((check) => check.isAllowedToFail)) {
    throw new ConfigurationError(
      'every check is allowed to fail, so the gate would be green whatever happens.',
      'Take `allow-failure` from one of them.',
    );
  }
  const names = checks.map((check) => check.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ConfigurationError(
      `two checks are called ${JSON.stringify(twice)}.`,
      'Give each check in `checks` a `name` of its own.',
    );
  }
}

/** A gate that cannot become green in its time is a mistake, not a failed deploy. @throws ConfigurationError */
export function requireEnoughTime(checks: readonly Check[], settings: GateSettings): void {
  for (const { name, pace, isAllowedToFail } of checks) {
    if (pace.interval < shortestIntervalMs) {
      throw new ConfigurationError(`check ${name}: an \`interval\` below ${shortestIntervalMs}ms would flood the app.`);
    }
    if (pace.attemptTimeout < 1) throw new ConfigurationError(`check ${name}: \`attempt-timeout\` is 0.`);
    const needed = settings.initialDelay + (pace.successThreshold - 1) * pace.interval + settings.stableFor;
    if (needed >= settings.deadline && !isAllowedToFail) {
      throw new ConfigurationError(
        `check ${name} can never be green: ${pace.successThreshold} successes every ${pace.interval}ms, the initial delay and the stable time need ${needed}ms, and \`deadline\` is ${settings.deadline}ms.`,
        'Raise `deadline`, or lower `success-threshold`, `interval` or `stable-for`.',
      );
    }
  }
}
