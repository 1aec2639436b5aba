import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import type { ComposeModel, ServiceModel } from '@deploy-actions/kit/compose/model';
import { parseDuration } from '@deploy-actions/kit/time/duration';
import { findLateNetworks } from './late-networks.ts';
import { findProxies, type Proxy } from './proxies.ts';
import { readRouteFacts, type Attachment, type Hook, type ServiceFacts } from './route-facts.ts';

export const routeLabel = 'deploy-actions.route';
export const drainFileLabel = 'deploy-actions.drain-file';
export const preStopLabel = 'deploy-actions.pre-stop';
export const drainWaitLabel = 'deploy-actions.drain-wait';

export const routeChoices = ['auto', 'none', 'drain-file', 'haproxy', 'nginx', 'caddy'] as const;
export type RouteChoice = (typeof routeChoices)[number];
/** How the old container is taken out of the proxy before it is stopped. */
export type Withdrawal = Exclude<RouteChoice, 'auto'>;

/** What the step's inputs say about routing; labels of a service win over them. */
export interface RouteSettings {
  readonly route: RouteChoice;
  /** undefined: 2 s where the proxy is told, else 0. */
  readonly drainWaitMs: number | undefined;
  /** Commands by service, run by `sh -c` in the old container before it is stopped, as the label's. */
  readonly preStop: ReadonlyMap<string, string>;
}

/** How one service is taken in and out of its proxy. */
export interface ServiceRoute {
  readonly service: string;
  readonly withdrawal: Withdrawal;
  readonly proxies: readonly Proxy[];
  /** What the service is called in the DNS of its networks. */
  readonly names: readonly string[];
  readonly lateNetworks: readonly Attachment[];
  /** Absolute path inside the container. */
  readonly drainFile: string | undefined;
  /** The longest wait between taking the container out and SIGTERM; less where nothing is in flight any more. */
  readonly drainWaitMs: number;
  readonly hooks: readonly Hook[];
  /** One sentence for the plan; undefined for a service that no proxy stands before. */
  readonly note: string | undefined;
  /** Set where users may see a deploy: what cannot be told, and what to do. */
  readonly warning: string | undefined;
}

const defaultDrainWaitMs = 2_000;
const proxyTimeoutMs = 90_000;

/** How long telling the proxies of a service may take. */
export function withdrawTimeoutMs({ proxies, drainWaitMs }: ServiceRoute): number {
  return Math.max(1, proxies.length) * (proxyTimeoutMs + drainWaitMs);
}

/**
 * Decides for every service of a model, from the model and the inputs alone.
 * @throws ConfigurationError naming the label that is wrong
 */
export function planRoutes(model: ComposeModel, settings: RouteSettings): ReadonlyMap<string, ServiceRoute> {
  const facts = readRouteFacts(model);
  return new Map(
    Object.values(model.services).map((service) => [service.name, planService(service, model, facts, settings)]),
  );
}

function planService(
  service: ServiceModel,
  model: ComposeModel,
  facts: ReadonlyMap<string, ServiceFacts>,
  settings: RouteSettings,
): ServiceRoute {
  const choice = readChoice(service) ?? settings.route;
  const proxies = choice === 'none' ? [] : findProxies(service, model);
  const drainFile = readDrainFile(service);
  const command = service.labels[preStopLabel] ?? settings.preStop.get(service.name);
  const withdrawal = chooseWithdrawal(service, choice, proxies, { drainFile, command });
  const late = findLateNetworks(service, facts, proxies);
  const wait = service.labels[drainWaitLabel];
  const own = facts.get(service.name);
  const hooks = [...(command === undefined ? [] : [shellHook(command)]), ...(own?.preStop ?? [])];
  checkHooks(service.name, hooks);
  const told = proxies.filter(({ kind }) => kind === withdrawal || kind === 'unknown' || withdrawal === 'drain-file');
  const route = {
    withdrawal,
    proxies: withdrawal === 'none' ? proxies : told,
    drainFile,
    lateNetworks: late.networks,
  };
  return {
    service: service.name,
    ...route,
    names: [...new Set([service.name, ...(own?.attachments ?? []).flatMap(({ aliases }) => aliases)])],
    drainWaitMs:
      wait === undefined
        ? (settings.drainWaitMs ?? (withdrawal === 'none' ? 0 : defaultDrainWaitMs))
        : parseDuration(wait, `label ${drainWaitLabel} of service ${service.name}`),
    hooks,
    note: describe(route, late.obstacle),
    warning: warn(service, choice, route, hooks),
  };
}

function readChoice(service: ServiceModel): RouteChoice | undefined {
  const label = service.labels[routeLabel];
  if (label === undefined) return undefined;
  const choice = routeChoices.find((candidate) => candidate === label.trim());
  if (choice !== undefined) return choice;
  throw new ConfigurationError(
    `label ${routeLabel} of service ${service.name}: ${JSON.stringify(label)} is not one of: ${routeChoices.join(', ')}.`,
    'Nothing was changed. docs/proxies.md tells which one fits your proxy.',
  );
}

function readDrainFile(service: ServiceModel): string | undefined {
  const path = service.labels[drainFileLabel]?.trim();
  if (path === undefined || /^\/[^\n]*[^/\n]$/.test(path)) return path;
  throw new ConfigurationError(
    `label ${drainFileLabel} of service ${service.name}: ${JSON.stringify(path)} is not an absolute path of a file.`,
    'Nothing was changed. It is a file inside the container, for example /tmp/drain.',
  );
}

function chooseWithdrawal(
  service: ServiceModel,
  choice: RouteChoice,
  proxies: readonly Proxy[],
  { drainFile, command }: { readonly drainFile: string | undefined; readonly command: string | undefined },
): Withdrawal {
  if (choice === 'drain-file' && drainFile === undefined)
    throw new ConfigurationError(
      `route drain-file: service ${service.name} has no label ${drainFileLabel}.`,
      'Nothing was changed. Give the label the file at whose sight the app’s health check says no, for example /tmp/drain.',
    );
  if (choice !== 'auto') return proxies.length === 0 && choice !== 'drain-file' ? 'none' : choice;
  if (drainFile !== undefined) return 'drain-file';
  const kinds = new Set(proxies.map(({ kind }) => kind));
  // A pre-stop command of the user's own tells HAProxy's check; its runtime API would say the same twice.
  if (kinds.has('haproxy')) return command === undefined ? 'haproxy' : 'none';
  // Caddy looks the name up for each connection and tries the next address by itself; telling it means two reloads, and
  // each closes idle connections of clients: more is lost than won (measured, ADR 0006). It is told where a label says so.
  return kinds.has('nginx') ? 'nginx' : 'none';
}

function shellHook(command: string): Hook {
  return {
    command: ['sh', '-c', command],
    user: undefined,
    workingDir: undefined,
    isPrivileged: false,
    environment: [],
  };
}

function checkHooks(service: string, hooks: readonly Hook[]): void {
  const broken = hooks.flatMap(({ environment }) => environment).find((pair) => /[\r\n]/.test(pair));
  if (broken === undefined) return;
  throw new ConfigurationError(
    `pre_stop of service ${service}: the environment variable ${broken.split('=')[0] ?? ''} has a line break in its value.`,
    'Nothing was changed. `docker exec` reads variables one a line; put the text into a file.',
  );
}

type Decided = Pick<ServiceRoute, 'withdrawal' | 'proxies' | 'lateNetworks' | 'drainFile'>;

const ways: Readonly<Record<Withdrawal, string>> = {
  none: '',
  'drain-file': 'is told by a drain file that the old one goes',
  haproxy: 'drains the old one through HAProxy’s runtime API',
  nginx: 'is reloaded onto the new one before the old one stops',
  caddy: 'is pointed at the new one before the old one stops',
};

function describe({ withdrawal, proxies, lateNetworks }: Decided, obstacle: string | undefined): string | undefined {
  if (proxies.length === 0 && withdrawal === 'none' && lateNetworks.length === 0) return undefined;
  const names = proxies.map(({ service }) => service).join(', ');
  const joins =
    lateNetworks.length > 0
      ? `joins ${lateNetworks.map(({ network }) => network).join(', ')} once healthy`
      : obstacle === undefined
        ? undefined
        : `seen in DNS while it boots: ${obstacle}`;
  const leaves = withdrawal === 'none' ? undefined : `${names === '' ? 'the proxy' : names} ${ways[withdrawal]}`;
  return [joins, leaves].filter((part) => part !== undefined).join('; ') || undefined;
}

function warn(
  service: ServiceModel,
  choice: RouteChoice,
  { withdrawal, proxies }: Decided,
  hooks: readonly Hook[],
): string | undefined {
  const proxy = proxies.find(({ kind }) => kind !== 'caddy');
  if (choice === 'none' || withdrawal !== 'none' || proxy === undefined || hooks.length > 0) return undefined;
  const what = proxy.kind === 'labels' ? 'follows Docker’s events' : 'is of no kind that this action can tell';
  return `${service.name}: proxy ${proxy.service} ${what}: it may still send requests to the old container while that stops. Let its health check fail first (labels ${drainFileLabel} or ${preStopLabel}; docs/proxies.md).`;
}
