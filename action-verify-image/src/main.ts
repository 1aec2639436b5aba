import { DeployError } from '@deploy-actions/kit/action/errors';
import { inputReader } from '@deploy-actions/kit/action/inputs';
import type { StepContext } from '@deploy-actions/kit/action/run';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { maskSecret, redact } from '@deploy-actions/kit/action/secrets';
import { systemClock, type Clock } from '@deploy-actions/kit/time/clock';
import { formatDuration } from '@deploy-actions/kit/time/duration';

import { verifyError, type VerifyError } from './failures.ts';
import { loadInputs, type Inputs } from './inputs.ts';
import { runBounded } from './parallel.ts';
import { normaliseRegistry } from './registry/endpoint.ts';
import { openHttp, type Http } from './registry/http.ts';
import { openRegistry, type Registry } from './registry/registry.ts';
import { shareRequests } from './registry/sharing.ts';
import { describeImage, renderSummary } from './summary.ts';
import { verifyImage } from './verification.ts';
import { imageLine, imagesJson, type Outcome, type VerifiedImage } from './verified-image.ts';

const imagesAtOnce = 6;

/** Proves each image against its registry, and hands the next steps references that cannot change. */
export async function run({ runner, signal }: StepContext, clock: Clock = systemClock): Promise<void> {
  const inputs = loadInputs(inputReader(runner));
  const http = openHttp({ ca: inputs.ca });
  const start = clock.now();
  try {
    const registry = openRegistries(inputs, http, { runner, signal }, clock);
    const outcomes = await runner.group('Verify images', () => verifyAll(inputs, registry, { runner, signal }, clock));
    runner.info(`${http.count()} requests in ${formatDuration(clock.now() - start)}`);
    await runner.summary(renderSummary(outcomes));
    report(runner, outcomes);
  } finally {
    http.close();
  }
}

function openRegistries(inputs: Inputs, http: Http, { runner, signal }: StepContext, clock: Clock): Registry {
  const { credentials } = inputs;
  const secrets: string[] = credentials === undefined ? [] : [credentials.password];
  return shareRequests(
    openRegistry({
      http,
      clock,
      signal,
      timeoutMs: inputs.timeout,
      retries: inputs.retries,
      insecureRegistries: inputs.insecureRegistries,
      hasOwnCa: inputs.ca !== undefined,
      credentialsFor: (registry) => (credentials?.registry === normaliseRegistry(registry) ? credentials : undefined),
      onSecret: (secret) => {
        maskSecret(runner, secret);
        secrets.push(secret);
      },
      redact: (text) => redact(text, secrets),
    }),
  );
}

async function verifyAll(
  inputs: Inputs,
  registry: Registry,
  { runner, signal }: StepContext,
  clock: Clock,
): Promise<readonly Outcome[]> {
  const { platforms, waitTimeout } = inputs;
  const onWait = (message: string): void => runner.info(message);
  return runBounded(inputs.images, imagesAtOnce, async (request): Promise<Outcome> => {
    try {
      const image = await verifyImage(request, { registry, clock, signal, platforms, waitTimeout, onWait });
      runner.info(describeImage(image));
      return { kind: 'verified', request, image };
    } catch (thrown) {
      signal.throwIfAborted();
      if (!isVerifyError(thrown)) throw thrown;
      runner.info(`${request.ref.text}: ${thrown.code}`);
      return { kind: 'failed', request, error: thrown };
    }
  });
}

function isVerifyError(thrown: unknown): thrown is VerifyError {
  return thrown instanceof DeployError;
}

/** Outputs are set only when every image is proved: half a set of digests deploys half a release. */
function report(runner: Runner, outcomes: readonly Outcome[]): void {
  const failures = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome.error] : []));
  const images = outcomes.flatMap((outcome): VerifiedImage[] => (outcome.kind === 'verified' ? [outcome.image] : []));
  const [failure, ...others] = failures;
  if (failure !== undefined) {
    const evidence = [...failure.evidence, ...others.flatMap((other) => [`also: ${other.message}`, ...other.evidence])];
    const { code, message, hint } = failure;
    throw verifyError({ code, message, ...(hint === undefined ? {} : { hint }), evidence, cause: failure });
  }
  runner.output('images', images.map(imageLine).join('\n'));
  runner.output('images-json', imagesJson(images));
  runner.output('digest', images[0]?.digest ?? '');
  runner.output('revision', images[0]?.platforms[0]?.revision ?? '');
}
