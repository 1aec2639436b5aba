import { modelArguments } from '../compose/compose-cli.ts';
import type { ComposeSettings } from '../compose/compose-settings.ts';
import type { Container } from '../compose/container.ts';
import type { StoredImages } from '../compose/local-images.ts';
import type { ComposeModel } from '../compose/model.ts';
import { changedServices, type RolloutPlan, type ServicePlan } from './rollout-plan.ts';
import { assessDisks, currentImages, estimatePull, isPulled } from './disk-space.ts';
import { planRenewal } from './network-renewal.ts';
import { assessDrift, assessStrangers, findRenewal } from './drift.ts';
import { assessStops } from './graceful-stop.ts';
import { assessMemory, estimateSurges, hasRoomSideBySide } from './memory-headroom.ts';
import { readModelDetails, type ModelDetails } from './model-details.ts';
import { sortNotes, type PlanNote } from './plan-note.ts';
import type { FactsQuery, ServerFacts } from './server-facts.ts';

/** The project as it is: all of its containers, and those of the model's images that the server has. */
export interface Observed {
  readonly containers: readonly Container[];
  readonly images: StoredImages;
}

/** What the inputs say about refusing. */
export interface AssessmentRules {
  /** `headroom: require`: too little memory or disk is a refusal, else a warning. */
  readonly isHeadroomEnforced: boolean;
  readonly isDowntimeAllowed: boolean;
  /** How many containers more than its replicas a service may have. */
  readonly maxSurge: number;
}

/** What a look at the server makes of a plan. */
export interface Assessment {
  /** The plan given; with networks to make anew where the user allows that. */
  readonly plan: RolloutPlan;
  /** Refusals first. */
  readonly notes: readonly PlanNote[];
}

/** What the plan says beside its table, before anything is touched. Pure. */
export function assessPlan(
  facts: ServerFacts,
  drawn: RolloutPlan,
  model: ComposeModel,
  observed: Observed,
  rules: AssessmentRules,
): Assessment {
  const details = readModelDetails(model.text);
  const renewal = rules.isDowntimeAllowed ? findRenewal(details, facts) : undefined;
  const plan = planRenewal(drawn, renewal);
  const changed = changedServices(plan);
  const surges = estimateSurges(changed, details, facts, rules.maxSurge);
  const pull = estimatePull(changed, observed.containers, observed.images, facts);
  const notes = sortNotes([
    ...assessDrift(details, facts, plan.project, rules.isDowntimeAllowed),
    ...(renewal === undefined ? [] : assessStrangers(renewal, facts, observed.containers)),
    ...assessMemory(surges, facts, rules.isHeadroomEnforced),
    ...assessDisks(pull, facts, rules.isHeadroomEnforced),
    ...changed.filter(hasDowntime).map(({ service }): PlanNote => ({
      level: 'info',
      service,
      text: `${service} is down from the stop of its old container until the new one has booted`,
    })),
    ...assessStops(changed, details, facts),
  ]);
  return { plan: hasRoomSideBySide(surges, facts) ? plan : { ...plan, isOneByOne: true }, notes };
}

/** Whether a service is away for a moment: its old container is stopped before the new one starts. Pure. */
export function hasDowntime(plan: ServicePlan): boolean {
  if (plan.stale.length === 0) return false;
  return plan.action === 'stop-first' || (plan.action === 'restart' && plan.worker?.kind !== 'overlap');
}

const isRunning = (container: Container): boolean => container.status === 'running' && !container.isOneOff;

/** What to ask the server for this plan. Pure. */
export function planFactsQuery(
  settings: ComposeSettings,
  model: ComposeModel,
  plan: RolloutPlan,
  observed: Observed,
): FactsQuery {
  const details = readModelDetails(model.text);
  const changed = changedServices(plan);
  const running = observed.containers.filter(isRunning);
  const pulled = changed.filter((service) => isPulled(service, observed.images));
  const question = renderQuestion(model.name, details, running[0]?.imageId);
  return {
    deployPath: settings.deployPath,
    project: model.name,
    containers: running.map(({ id }) => id),
    images: [...new Set(pulled.flatMap(({ service }) => currentImages(observed.containers, service)))],
    isPullNeeded: pulled.length > 0,
    networks: details.networks.map(({ name }) => name),
    volumes: details.volumes.map(({ name }) => name),
    compose:
      question === undefined
        ? undefined
        : {
            args: modelArguments(model, settings, [
              '--dry-run',
              'create',
              '--no-recreate',
              '--no-build',
              '--pull',
              'never',
            ]),
            stdin: question,
          },
  };
}

/**
 * A model with nothing in it but the networks and volumes, as Compose printed them, and services that use them: asked by
 * `--dry-run create`, Compose says which of them it would make anew. Not the whole model: images that are not pulled yet
 * would end the dry run, and its secrets have no business here. undefined: nothing runs that could be stopped.
 */
function renderQuestion(project: string, details: ModelDetails, imageId: string | undefined): string | undefined {
  if (imageId === undefined) return undefined;
  const bodies = (
    list: readonly { readonly key: string; readonly isExternal: boolean; readonly body: unknown }[],
  ): object => Object.fromEntries(list.filter(({ isExternal }) => !isExternal).map(({ key, body }) => [key, body]));
  const networks = bodies(details.networks);
  const volumes = bodies(details.volumes);
  const services = Object.values(details.services).map((service) => [
    service.name,
    {
      image: imageId,
      ...useNetworks(service.networks.filter((key) => key in networks)),
      volumes: service.volumes
        .filter((key) => key in volumes)
        .map((source) => ({ type: 'volume', source, target: `/${source}` })),
    },
  ]);
  return JSON.stringify({ name: project, services: Object.fromEntries(services) as unknown, networks, volumes });
}

/** Without any, Compose would give the service the network `default`. */
function useNetworks(keys: readonly string[]): object {
  return keys.length === 0
    ? { network_mode: 'none' }
    : { networks: Object.fromEntries(keys.map((key) => [key, null])) };
}
