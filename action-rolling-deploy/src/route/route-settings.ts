import { badInput, type InputReader } from '@deploy-actions/kit/action/inputs';
import { ComposeError, type ComposeModel } from '@deploy-actions/kit/compose/model';
import { routeChoices, type RouteSettings } from './route-plan.ts';

// Compose's own pattern, as in `images`.
const preStopLine = /^([a-zA-Z0-9._][a-zA-Z0-9._-]*)\s*=\s*(\S.*)$/;

/**
 * Reads `route`, `drain-wait` and `pre-stop`.
 * @throws ConfigurationError naming the input
 */
export function readRouteSettings(inputs: InputReader): RouteSettings {
  return {
    route: inputs.oneOf('route', routeChoices),
    drainWaitMs: inputs.optionalDuration('drain-wait'),
    preStop: readPreStop(inputs.lines('pre-stop')),
  };
}

function readPreStop(lines: readonly string[]): ReadonlyMap<string, string> {
  const commands = new Map<string, string>();
  for (const line of lines) {
    const [, service, command] = preStopLine.exec(line) ?? [];
    if (service === undefined || command === undefined)
      throw badInput('pre-stop', line, 'a line `service=command`, for example `web=touch /tmp/drain`');
    if (commands.has(service)) throw badInput('pre-stop', line, `the first line for ${service}: write one command`);
    commands.set(service, command);
  }
  return commands;
}

/**
 * A hook for a service that is not there would silently never run. Not asked of a rollback, whose files may be older.
 * @throws ComposeError SERVICE_UNKNOWN
 */
export function refuseUnknownHooks({ preStop }: RouteSettings, model: ComposeModel): void {
  const unknown = [...preStop.keys()].find((name) => model.services[name] === undefined);
  if (unknown === undefined) return;
  throw new ComposeError({
    code: 'SERVICE_UNKNOWN',
    message: `input \`pre-stop\`: ${JSON.stringify(unknown)} is not a service of the compose files (they have: ${Object.keys(model.services).join(', ')}). Nothing was changed.`,
  });
}
