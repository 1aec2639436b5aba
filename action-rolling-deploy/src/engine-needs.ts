import type { ComposeModel } from '@deploy-actions/kit/compose/model';
import { asObject } from './assessment/json.ts';

/** A setting of a service that the server's engine does not know. */
export interface UnmetNeed {
  readonly service: string;
  readonly setting: string;
  /** The first engine that has it. */
  readonly since: string;
}

/** `healthcheck.start_interval` came with Engine 25 (API 1.44); Compose refuses it at an older one, at `create`. */
const startIntervalSince = 25;

/**
 * The first of the services that asks for more than the engine has: known before anything is touched, where Compose says
 * it in the middle. An engine version that does not begin with a number is taken as new enough. Pure.
 */
export function findUnmetNeed(
  model: Pick<ComposeModel, 'text'>,
  services: readonly string[],
  engine: string,
): UnmetNeed | undefined {
  if (!(Number.parseInt(engine, 10) < startIntervalSince)) return undefined;
  const all = asObject(asObject(JSON.parse(model.text))['services']);
  const service = services.find((name) => {
    const interval = asObject(asObject(all[name])['healthcheck'])['start_interval'];
    return interval !== undefined && interval !== null;
  });
  return service === undefined
    ? undefined
    : { service, setting: 'healthcheck.start_interval', since: `${startIntervalSince}.0` };
}
