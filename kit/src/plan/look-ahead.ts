import type { ComposeSettings } from '../compose/compose-settings.ts';
import type { ComposeModel } from '../compose/model.ts';
import type { Host } from '../host/host.ts';
import { findMoved } from './dragged-dependencies.ts';
import { refuseUnsupported } from './engine-needs.ts';
import { noteImages } from './image-policy.ts';
import { observeProject } from './observation.ts';
import { assessPlan, planFactsQuery } from './plan-assessment.ts';
import type { PlanNote } from './plan-note.ts';
import { changedServices, planRollout } from './rollout-plan.ts';
import { readServerFacts } from './server-facts.ts';

/** The project that a rollout will be asked to bring about. */
export interface Prospect {
  readonly host: Host;
  /** With the profiles of the rollout. */
  readonly settings: ComposeSettings;
  readonly model: ComposeModel;
  /** Version of Docker Engine on the server. */
  readonly engine: string;
}

/**
 * What a rollout of this project, with the defaults of action-rolling-deploy, would say of the server and refuse: the same
 * plan and the same assessment, made by a step that comes before it. Reads, and changes nothing.
 * @throws PlanError UNSUPPORTED; ConfigurationError for labels that cannot be
 */
export async function lookAhead({ host, settings, model: whole, engine }: Prospect): Promise<readonly PlanNote[]> {
  const model = withProfiles(whole, settings.profiles);
  const { containers, wantedHashes, images } = await observeProject(host, settings, model);
  const moved = findMoved(model, containers, images);
  const nothing: ReadonlySet<string> = new Set();
  const drawn = planRollout(model, { containers, wantedHashes, moved, keep: nothing, spent: nothing });
  const changed = changedServices(drawn);
  if (changed.length === 0) return [];
  refuseUnsupported(model, drawn, engine);
  const observed = { containers, images };
  const facts = await readServerFacts(host, planFactsQuery(settings, model, drawn, observed));
  const rules = { isHeadroomEnforced: true, isDowntimeAllowed: false, maxSurge: 1 };
  const { notes } = assessPlan(facts, drawn, model, observed, rules);
  const unchanged = drawn.services.filter(({ action }) => action === 'unchanged');
  const ofImages = noteImages({
    ...{ model, changed, unchanged, containers, images },
    allowsMutableTags: false,
    healthcheck: 'warn',
  });
  return [...ofImages, ...notes];
}

/** Without the services that no active profile has: a rollout leaves them alone. Pure. */
export function withProfiles(model: ComposeModel, profiles: readonly string[]): ComposeModel {
  if (profiles.includes('*')) return model;
  const isActive = (wanted: readonly string[]): boolean =>
    wanted.length === 0 || wanted.some((profile) => profiles.includes(profile));
  const services = Object.entries(model.services).filter(([, service]) => isActive(service.profiles));
  return { ...model, services: Object.fromEntries(services) };
}
