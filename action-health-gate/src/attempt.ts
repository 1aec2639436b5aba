import { assertNever, DeployError, describeThrown } from '@deploy-actions/kit/action/errors';
import { redact } from '@deploy-actions/kit/action/secrets';
import type { Host } from '@deploy-actions/kit/host/host';
import { serviceOf, type Check, type Question, type Target } from './check.ts';
import { listContainers, type Container } from './container.ts';
import {
  callRoll,
  describeFailure,
  findFailure,
  judgeContainers,
  lookAgain,
  nameSubjects,
  type Watch,
} from './container-state.ts';
import { dialFromRunner, dialFromServer, probeTcp, rethrowTerminal, type Dial } from './dial.ts';
import { probeExec } from './exec-probe.ts';
import type { Attempt } from './gate.ts';
import { probeHttp } from './http-probe.ts';
import { readLastExit } from './last-exit.ts';
import { secretsOf } from './secret-value.ts';
import { combineVerdicts, judge, type Probe, type Verdict } from './verdict.ts';

/** The server that checks ask through, and the Compose project whose services they name. */
export interface Server {
  readonly host: Host;
  /** Empty when no check names a service. */
  readonly projectName: string;
}

interface Round {
  readonly check: Check;
  readonly server: Server | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Makes attempts over the network; the server is needed only by checks that ask from there. It remembers what each check saw
 * of its containers, so one of these belongs to one gate.
 */
export function networkAttempt(server: Server | undefined): Attempt {
  const watches = new Map<string, Watch>();
  return async (check, timeoutMs, signal) => {
    const round = { check, server, timeoutMs, signal };
    const service = serviceOf(check.target);
    const verdict = service === undefined ? await attemptDirect(round) : await attemptService(round, service, watches);
    // An app may echo request headers in its answer, and their values are secrets.
    return verdict.ok ? verdict : { ...verdict, reason: redact(verdict.reason, secretsOf(check.question)) };
  };
}

async function attemptDirect(round: Round): Promise<Verdict> {
  const { target } = round.check;
  switch (target.kind) {
    case 'address':
      return judge(await connectOnce(round, dialOf(round, target), target.address, target.port), undefined);
    case 'url':
      return askUrl(round, target.url, dialOf(round, target), target.connectTo);
    default:
      throw new DeployError({ code: 'BUG', message: `a check of ${target.kind} is not asked by itself.` });
  }
}

function dialOf({ server }: Round, target: Extract<Target, { via: unknown }>): Dial {
  return target.via === 'server' ? dialFromServer(requireServer(server).host) : dialFromRunner;
}

function connectOnce({ timeoutMs, signal }: Round, dial: Dial, address: string, port: number): Promise<Probe> {
  return probeTcp(address, port, dial, timeoutMs, signal);
}

async function askUrl(
  { check, timeoutMs, signal }: Round,
  url: URL,
  dial: Dial,
  connectTo: Extract<Target, { kind: 'url' }>['connectTo'],
  isBoundToOrigin = false,
): Promise<Verdict> {
  const { question } = check;
  if (question.type !== 'http') throw new DeployError({ code: 'BUG', message: `a URL was given to ${question.type}.` });
  const errand = { url, question, isBoundToOrigin, ...(connectTo === undefined ? {} : { connectTo }) };
  return judge(await probeHttp(errand, dial, timeoutMs, signal), question.expectation);
}

/** Looks at every container of a service first: what Docker says of them may end the check whatever they answer. */
async function attemptService(round: Round, service: string, watches: Map<string, Watch>): Promise<Verdict> {
  const { check, timeoutMs, signal } = round;
  const { host, projectName } = requireServer(round.server);
  try {
    const containers = await listContainers(host, projectName, [service], { timeoutMs, signal });
    const before = watches.get(check.name);
    const watch = lookAgain(before, containers);
    watches.set(check.name, watch);
    const failure = findFailure(containers, before ?? { ...watch, running: new Set() }, check.maxRestarts);
    if (failure !== undefined) return describeFailure(failure, await readLastExit(host, failure.container));
    const verdict = await askContainers(round, service, containers);
    return verdict.ok ? { ...verdict, subjects: nameSubjects(containers) } : verdict;
  } catch (thrown) {
    rethrowTerminal(thrown, signal);
    if (!(thrown instanceof DeployError) && !signal.aborted) throw thrown;
    return judge({ kind: 'broken', phase: 'lookup', problem: describeThrown(thrown) }, undefined);
  }
}

async function askContainers(round: Round, service: string, containers: readonly Container[]): Promise<Verdict> {
  const { question, target } = round.check;
  if (question.type === 'container') return judgeContainers(service, containers, question);
  const roll = callRoll(service, containers);
  if (roll.kind === 'nobody') return { ok: false, kind: 'no-container', reason: roll.problem };
  const verdicts = await Promise.all(
    roll.containers.map(async (container) => ({
      container: container.name,
      verdict: await askContainer(round, question, target, container),
    })),
  );
  return combineVerdicts(verdicts);
}

/** Asks one container by its own address, so that no load balancer can hide it. */
async function askContainer(
  round: Round,
  question: Exclude<Question, { type: 'container' }>,
  target: Target,
  container: Container,
): Promise<Verdict> {
  const { timeoutMs, signal } = round;
  const { host } = requireServer(round.server);
  if (question.type === 'exec') return probeExec(host, container.id, question, { timeoutMs, signal });
  if (target.kind !== 'service')
    throw new DeployError({ code: 'BUG', message: 'a container has no port to be asked.' });
  const { address } = container;
  if (address === undefined)
    return { ok: false, kind: 'no-container', reason: 'it has no network address the server could reach' };
  const serverDial = dialFromServer(host);
  switch (question.type) {
    case 'tcp':
      return judge(await connectOnce(round, serverDial, address, target.port), undefined);
    case 'http': {
      // The URL says `localhost`, as the container's own health check would: frameworks refuse unknown Host headers.
      const dial: Dial = (_, port, bound) => serverDial(address, port, bound);
      return askUrl(round, new URL(`http://localhost:${target.port}${target.path}`), dial, undefined, true);
    }
    default:
      return assertNever(question);
  }
}

function requireServer(server: Server | undefined): Server {
  if (server !== undefined) return server;
  throw new DeployError({ code: 'BUG', message: 'a check asks from the server, but no server was connected.' });
}
