import { formatImageRef, pinImage } from '@deploy-actions/kit/image/image-ref';
import { DeployError } from '@deploy-actions/kit/action/errors';
import { inputReader } from '@deploy-actions/kit/action/inputs';
import type { StepContext } from '@deploy-actions/kit/action/run';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { maskSecret, redact } from '@deploy-actions/kit/action/secrets';
import { systemClock, type Clock } from '@deploy-actions/kit/time/clock';
import { formatDuration } from '@deploy-actions/kit/time/duration';

import { openCredentialStore } from './credentials/credential-store.ts';
import { verifyError, type VerifyError } from './failures.ts';
import { loadInputs, type Inputs } from './inputs.ts';
import { runBounded } from './parallel.ts';
import { openHttp, type Http } from './registry/http.ts';
import { canUseProxies, readProxySettings, type ProxySettings } from './registry/proxy.ts';
import { openRegistry, type Registry } from './registry/registry.ts';
import { shareRequests } from './registry/sharing.ts';
import { openDownload, type Download } from './registry/transfer.ts';
import type { SignatureVerifier } from './signature/signatures.ts';
import { describeImage, renderSummary } from './summary.ts';
import { verifyImage } from './verification.ts';
import { imageLine, imagesJson, platformLines, type Outcome, type VerifiedImage } from './verified-image.ts';

/** Each image is two requests, one after the other: more at once than connections would only wait. */
const imagesAtOnce = 20;

/** Proves each image against its registry, and hands the next steps references that cannot change. */
export async function run({ runner, signal }: StepContext, clock: Clock = systemClock): Promise<void> {
  const inputs = loadInputs(inputReader(runner), runner);
  const http = openHttp({ ca: inputs.ca, proxy: findProxySettings(runner) });
  const start = clock.now();
  try {
    const context = { runner, signal };
    const doors = openDoors(inputs, http, context, clock);
    const signatures = await openSignatures(inputs, doors, signal);
    const outcomes = await runner.group('Verify images', () =>
      verifyAll(inputs, doors.registry, signatures, context, clock),
    );
    runner.info(`${http.count()} requests in ${formatDuration(clock.now() - start)}`);
    await runner.summary(renderSummary(outcomes));
    report(runner, outcomes);
  } finally {
    runner.output('requests', String(http.count()));
    http.close();
  }
}

function findProxySettings(runner: Runner): ProxySettings | undefined {
  const settings = readProxySettings((name) => runner.env(name));
  if (settings.https === undefined && settings.http === undefined) return undefined;
  for (const url of [settings.https, settings.http]) {
    if (url !== undefined && URL.canParse(url)) maskSecret(runner, new URL(url).password);
  }
  if (canUseProxies(process.versions.node)) return settings;
  runner.warning(`A proxy is set in the environment, but Node ${process.versions.node} of this runner cannot use it.`);
  return undefined;
}

interface Doors {
  readonly registry: Registry;
  readonly download: Download;
}

function openDoors(inputs: Inputs, http: Http, { runner, signal }: StepContext, clock: Clock): Doors {
  const secrets: string[] = [];
  const onSecret = (secret: string): void => {
    if (secrets.includes(secret)) return;
    maskSecret(runner, secret);
    secrets.push(secret);
  };
  const store = openCredentialStore({
    given: inputs.credentials,
    env: (name) => runner.env(name),
    timeoutMs: inputs.timeout,
    signal,
    onSecret,
    onWarning: (message) => runner.warning(redact(message, secrets)),
  });
  const options = {
    http,
    clock,
    signal,
    timeoutMs: inputs.timeout,
    retries: inputs.retries,
    insecureRegistries: inputs.insecureRegistries,
    hasOwnCa: inputs.ca !== undefined,
    credentialsFor: (registry: string, repository: string) => store.find(registry, repository),
    onSecret,
    redact: (text: string) => redact(text, secrets),
  };
  return { registry: shareRequests(openRegistry(options)), download: openDownload(options) };
}

/** The Sigstore libraries are loaded by those who ask for signatures, and cost nobody else anything. */
async function openSignatures(
  { signature: policy, timeout: timeoutMs }: Inputs,
  { registry, download }: Doors,
  signal: AbortSignal,
): Promise<SignatureVerifier | undefined> {
  if (policy.kind === 'none') return undefined;
  const { openSignatureVerifier } = await import('./signature/signatures.ts');
  return openSignatureVerifier({ registry, policy, signal, timeoutMs, download });
}

async function verifyAll(
  inputs: Inputs,
  registry: Registry,
  signatures: SignatureVerifier | undefined,
  { runner, signal }: StepContext,
  clock: Clock,
): Promise<readonly Outcome[]> {
  const { platforms, waitTimeout, onMissing } = inputs;
  const limits = { maxAgeMs: inputs.maxAge, maxSizeBytes: inputs.maxSizeBytes };
  const onWait = (message: string): void => runner.info(message);
  const options = { registry, clock, signal, platforms, limits, signatures, waitTimeout, onWait };
  return runBounded(inputs.images, imagesAtOnce, async (request): Promise<Outcome> => {
    try {
      const image = await verifyImage(request, options);
      runner.info(describeImage(image));
      return { kind: 'verified', request, image };
    } catch (thrown) {
      signal.throwIfAborted();
      if (!isVerifyError(thrown)) throw thrown;
      runner.info(`${request.ref.text}: ${thrown.code}`);
      const isAllowed = onMissing === 'output' && thrown.code === 'TAG_MISSING';
      return { kind: isAllowed ? 'missing' : 'failed', request, error: thrown };
    }
  });
}

function isVerifyError(thrown: unknown): thrown is VerifyError {
  return thrown instanceof DeployError;
}

/** The references are set only when every image is proved: half a set of digests deploys half a release. */
function report(runner: Runner, outcomes: readonly Outcome[]): void {
  const errors = outcomes.flatMap((outcome) => (outcome.kind === 'verified' ? [] : [outcome.error]));
  const failures = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome.error] : []));
  // Whoever was refused does not know whether it exists: then there is no answer at all.
  if (errors.every(({ code }) => code === 'TAG_MISSING')) runner.output('exists', String(errors.length === 0));
  const [failure, ...others] = failures;
  if (failure !== undefined) {
    const evidence = [...failure.evidence, ...others.flatMap((other) => [`also: ${other.message}`, ...other.evidence])];
    const { code, message, hint } = failure;
    throw verifyError({ code, message, ...(hint === undefined ? {} : { hint }), evidence, cause: failure });
  }
  runner.output('images-json', imagesJson(outcomes));
  for (const { message } of errors) runner.notice(`${message} The output \`exists\` is false.`);
  if (errors.length > 0) return;
  const images = outcomes.flatMap((outcome): VerifiedImage[] => (outcome.kind === 'verified' ? [outcome.image] : []));
  runner.output('images', images.map(imageLine).join('\n'));
  const [first] = images;
  if (first === undefined) return;
  runner.output('digest', first.digest);
  runner.output('ref', formatImageRef(pinImage(first.request.ref, first.digest)));
  runner.output('revision', first.platforms[0]?.revision ?? '');
  runner.output('created', first.platforms[0]?.created ?? '');
  runner.output('platform-digests', platformLines(first));
}
