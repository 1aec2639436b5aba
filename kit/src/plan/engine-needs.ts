import type { ComposeModel } from '../compose/model.ts';
import { asObject } from '../json/json.ts';
import { PlanError } from './plan-error.ts';
import { changedServices, type RolloutPlan } from './rollout-plan.ts';

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

/**
 * Nothing is touched when a service to be changed needs what `docker start` does not do (ADR 0005), or a newer engine.
 * @throws PlanError UNSUPPORTED
 */
export function refuseUnsupported(model: ComposeModel, plan: RolloutPlan, engine: string): void {
  const changed = changedServices(plan).map(({ service }) => service);
  const need = findUnmetNeed(model, changed, engine);
  if (need !== undefined)
    throw new PlanError({
      code: 'UNSUPPORTED',
      message: `service ${need.service} uses ${need.setting}, which Docker Engine has since ${need.since}; the server has ${engine}. Nothing was changed.`,
      hint: `Update Docker on the server, or leave ${need.setting} out.`,
    });
  for (const service of changed) {
    const extra = model.services[service]?.startExtra;
    if (extra === undefined) continue;
    throw new PlanError({
      code: 'UNSUPPORTED',
      message: `service ${service} uses ${extra}, which only Compose's own start does. Nothing was changed.`,
      hint: 'Put the text into a file and name it with `file:`, or do the hook in the image’s entry point.',
    });
  }
}
