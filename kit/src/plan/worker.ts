import { ConfigurationError } from '../action/errors.ts';
import type { ComposeModel, ServiceModel } from '../compose/model.ts';
import { parseDuration } from '../time/duration.ts';

/** Label of a service: `worker` restarts it gracefully instead of rolling it; any other role says that it is none. */
export const roleLabel = 'deploy-actions.role';
/** How a worker is restarted: `stop-first` (default with the label above), `overlap` or `quiesce`. */
export const workerLabel = 'deploy-actions.worker';
/** Signal that tells a worker to take no new job: `TSTP`. */
export const quiesceSignalLabel = 'deploy-actions.quiesce-signal';
/** The same by a command, run by `sh -c` in the worker. */
export const quiesceCommandLabel = 'deploy-actions.quiesce-command';
/** Command run by `sh -c` in the worker; exit 0 = it has no job any more. */
export const idleCommandLabel = 'deploy-actions.idle-command';
/** How long to wait for that: `5m`. */
export const quiesceTimeoutLabel = 'deploy-actions.quiesce-timeout';

/** How a worker gets from old to new. */
export type WorkerPolicy =
  /** Never two: the old one ends its job within its grace period, then the new one starts. */
  | { readonly kind: 'stop-first' }
  /** Never none: the new one is proved while the old one still works. */
  | { readonly kind: 'overlap' }
  /** Never two, and no job cut short: told to take no more, idle, then stopped. */
  | {
      readonly kind: 'quiesce';
      /** One of these two at least. */
      readonly signal: string | undefined;
      readonly command: string | undefined;
      readonly idleCommand: string;
      readonly timeoutMs: number;
    };

const defaultQuiesceTimeout = '5m';

/**
 * Why a service is a worker; undefined when it is none. Without the label only what nobody can send a request to is
 * one: no ports, no `expose`, no health check, nothing of either in its image, nothing depends on it, and on none of its
 * networks is a way in (a service with published ports, or a network of another project). An app behind a proxy of
 * another project can still look like that: therefore {@link readWorkerPolicy} lets such a guess overlap.
 * @param isSilent its running containers say no port and have no health check, from their image either
 */
export function findWorkerReason(service: ServiceModel, model: ComposeModel, isSilent: boolean): string | undefined {
  const role = service.labels[roleLabel];
  if (role !== undefined) return role === 'worker' ? `worker (label ${roleLabel})` : undefined;
  if (!isSilent || service.ports.length > 0 || service.expose.length > 0 || service.hasHealthcheck) return undefined;
  const hasOwnNetwork = service.networkMode === undefined || service.networkMode === 'none';
  if (!hasOwnNetwork) return undefined;
  const others = Object.values(model.services).filter((other) => other.name !== service.name);
  if (others.some((other) => other.dependsOn.some((dependency) => dependency.service === service.name)))
    return undefined;
  const hasWayIn = service.networks.some(
    ({ name, isExternal }) =>
      isExternal || others.some((other) => other.ports.length > 0 && other.networks.some((net) => net.name === name)),
  );
  return hasWayIn ? undefined : 'worker (no ports, and nothing that takes requests shares a network with it)';
}

/**
 * The policy that a worker's labels ask for. Where only its silence makes it one, two may overlap: what is taken for a
 * worker by mistake is never down for it.
 * @throws ConfigurationError naming service and label
 */
export function readWorkerPolicy({ name, labels }: ServiceModel): WorkerPolicy {
  const kind = labels[workerLabel] ?? (labels[roleLabel] === 'worker' ? 'stop-first' : 'overlap');
  switch (kind) {
    case 'stop-first':
    case 'overlap':
      return { kind };
    case 'quiesce':
      return readQuiesce(name, labels);
    default:
      throw new ConfigurationError(
        `service ${name}: label ${workerLabel}: ${JSON.stringify(kind)} is not stop-first, overlap or quiesce. Nothing was changed.`,
      );
  }
}

function readQuiesce(name: string, labels: ServiceModel['labels']): WorkerPolicy {
  const signal = readSignal(name, labels[quiesceSignalLabel]);
  const command = labels[quiesceCommandLabel];
  const idleCommand = labels[idleCommandLabel];
  if (idleCommand === undefined || (signal ?? command) === undefined)
    throw new ConfigurationError(
      `service ${name}: ${workerLabel}: quiesce needs the label ${idleCommand === undefined ? idleCommandLabel : `${quiesceSignalLabel} or ${quiesceCommandLabel}`}, and it has none. Nothing was changed.`,
      `Say how it is told to take no more jobs, and give a command that ends with 0 once it has none; or use ${workerLabel}: stop-first.`,
    );
  const timeout = labels[quiesceTimeoutLabel] ?? defaultQuiesceTimeout;
  const timeoutMs = parseDuration(timeout, `service ${name}: label ${quiesceTimeoutLabel}`);
  return { kind: 'quiesce', signal, command, idleCommand, timeoutMs };
}

/** As `docker kill --signal` takes it: a name with or without SIG, or a number. */
function readSignal(service: string, signal: string | undefined): string | undefined {
  if (signal === undefined || /^((SIG)?[A-Z]{2,}[A-Z0-9]*([+-]\d+)?|\d{1,2})$/.test(signal)) return signal;
  throw new ConfigurationError(
    `service ${service}: label ${quiesceSignalLabel}: ${JSON.stringify(signal)} is not a signal such as TSTP or USR1. Nothing was changed.`,
  );
}
