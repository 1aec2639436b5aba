import { assertNever, DeployError } from '@deploy-actions/kit/action/errors';
import { redact } from '@deploy-actions/kit/action/secrets';
import type { Host } from '@deploy-actions/kit/host/host';
import type { Check, Target } from './check.ts';
import { callRoll, listContainers } from './container.ts';
import { dialFromRunner, dialFromServer, probeTcp, rethrowTerminal, type Dial } from './dial.ts';
import type { Attempt } from './gate.ts';
import { probeHttp } from './http-probe.ts';
import { combineVerdicts, judge, type Probe, type Verdict } from './verdict.ts';

/** The server that checks ask through, and the Compose project whose services they name. */
export interface Server {
  readonly host: Host;
  /** Empty when no check names a service. */
  readonly projectName: string;
}

/** Makes attempts over the network; the server is needed only by checks that ask from there. */
export function networkAttempt(server: Server | undefined): Attempt {
  return async (check, timeoutMs, signal) => {
    const verdict = await attemptOnce(check, server, timeoutMs, signal);
    // An app may echo request headers in its answer, and their values are secrets.
    const secrets = check.question.type === 'http' ? check.question.headers.map(([, value]) => value) : [];
    return verdict.ok ? verdict : { ...verdict, reason: redact(verdict.reason, secrets) };
  };
}

async function attemptOnce(
  check: Check,
  server: Server | undefined,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Verdict> {
  const { target } = check;
  if (target.kind === 'service') return attemptService(check, target, requireServer(server), timeoutMs, signal);
  const dial = target.via === 'server' ? dialFromServer(requireServer(server).host) : dialFromRunner;
  if (target.kind === 'address') {
    return judge(await probeTcp(target.address, target.port, dial, timeoutMs, signal), undefined);
  }
  return attemptUrl(check, target.url, dial, timeoutMs, signal);
}

async function attemptUrl(
  check: Check,
  url: URL,
  dial: Dial,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Verdict> {
  const { question } = check;
  if (question.type === 'tcp') {
    const port = Number(url.port || 80);
    return judge(await probeTcp(url.hostname, port, dial, timeoutMs, signal), undefined);
  }
  const probe = await probeHttp({ url, headers: question.headers }, dial, timeoutMs, signal);
  return judge(probe, question.expectation);
}

/** Asks every running container of a service by its own address, so that no load balancer can hide one of them. */
async function attemptService(
  check: Check,
  target: Extract<Target, { kind: 'service' }>,
  server: Server,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Verdict> {
  const roll = await lookUp(target.service, server, timeoutMs, signal);
  if (roll.kind !== 'ask') return judge(roll.probe, undefined);
  const serverDial = dialFromServer(server.host);
  const verdicts = await Promise.all(
    roll.containers.map(async (container) => {
      // The URL says `localhost`, as the container's own health check would: frameworks refuse unknown Host headers.
      const dial: Dial = (_, port, bound) => serverDial(container.address, port, bound);
      const url = new URL(`http://localhost:${target.port}${target.path}`);
      return { container: container.name, verdict: await attemptUrl(check, url, dial, timeoutMs, signal) };
    }),
  );
  return combineVerdicts(verdicts);
}

type LookUp =
  Extract<ReturnType<typeof callRoll>, { kind: 'ask' }> | { readonly kind: 'failed'; readonly probe: Probe };

async function lookUp(service: string, server: Server, timeoutMs: number, signal: AbortSignal): Promise<LookUp> {
  try {
    const roll = callRoll(
      service,
      await listContainers(server.host, server.projectName, service, { timeoutMs, signal }),
    );
    switch (roll.kind) {
      case 'ask':
        return roll;
      case 'nobody':
        return { kind: 'failed', probe: { kind: 'no-container', problem: roll.problem } };
      default:
        return assertNever(roll);
    }
  } catch (thrown) {
    rethrowTerminal(thrown, signal);
    if (!(thrown instanceof DeployError) && !signal.aborted) throw thrown;
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    return { kind: 'failed', probe: { kind: 'broken', phase: 'lookup', problem } };
  }
}

function requireServer(server: Server | undefined): Server {
  if (server !== undefined) return server;
  throw new DeployError({ code: 'BUG', message: 'a check asks from the server, but no server was connected.' });
}
