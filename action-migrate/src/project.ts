import type { ComposeScope } from '@deploy-actions/kit/compose/compose-cli';
import { inspectImages } from '@deploy-actions/kit/compose/local-images';
import { ComposeError, type ComposeModel } from '@deploy-actions/kit/compose/model';
import { preflight, pullPins } from '@deploy-actions/kit/compose/preflight';
import { credentialsFor, pullImage } from '@deploy-actions/kit/compose/registry-login';
import type { Host } from '@deploy-actions/kit/host/host';
import { parseImageRef } from '@deploy-actions/kit/image/image-ref';
import { lookAhead } from '@deploy-actions/kit/plan/look-ahead';
import { describeNote } from '@deploy-actions/kit/plan/plan-note';
import { refuseByNotes } from '@deploy-actions/kit/plan/refusal';
import { mergePins } from '@deploy-actions/kit/state/pins';
import { readLedger, type RecordedPin } from '@deploy-actions/kit/state/release';
import { buildStagedView, findStagedTree } from '@deploy-actions/kit/state/staged-tree';
import { MigrateError } from './error.ts';
import type { Inputs } from './inputs.ts';

/** The project as it will be: staged files, this release's pins, its images on the server. */
export interface Project {
  readonly model: ComposeModel;
  /** What `service` runs; empty without a service. */
  readonly image: string;
}

/**
 * Resolves the project with this step's images on top of the current release's, from the staged files if there are some,
 * and pulls. Everything that the rollout would refuse is refused here, before the database is touched.
 * @throws ComposeError, MigrateError IMAGE_MISMATCH
 */
export async function prepareProject(
  host: Host,
  inputs: Inputs,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Project> {
  const scope = await openScope(host, inputs, say);
  const { versions, model } = await preflight(scope, inputs.pins);
  say(`Docker ${versions.engine}, Compose ${versions.compose} on ${versions.platform}; project ${model.name}.`);
  const image = inputs.service === '' ? '' : serviceImage(model, inputs);
  await refuseLikeRollout(host, inputs, model, versions.engine, say);
  await pullPins({
    host,
    signal,
    pins: inputs.pins,
    platform: versions.platform,
    credentials: inputs.credentials,
    onPulled: (ref, wasThere) => {
      say(`${wasThere ? 'Already there' : 'Pulled'}: ${ref}`);
    },
  });
  if (image !== '') await pullServiceImage(host, image, inputs, signal, say);
  return { model, image };
}

/**
 * An applied migration must not be stranded by a rollout that cannot begin: what action-rolling-deploy would refuse with
 * its defaults is refused here, or said, where its own inputs are more lenient.
 * @throws PlanError
 */
async function refuseLikeRollout(
  host: Host,
  inputs: Inputs,
  model: ComposeModel,
  engine: string,
  say: (line: string) => void,
): Promise<void> {
  if (inputs.preflight === 'off') return;
  const notes = await lookAhead({ host, settings: inputs.settings, model, engine });
  for (const note of notes) if (note.level !== 'info') say(`Rollout: ${describeNote(note)}`);
  if (inputs.preflight === 'require') await refuseByNotes(host, notes);
}

async function openScope(host: Host, inputs: Inputs, say: (line: string) => void): Promise<ComposeScope> {
  const { deployPath } = inputs.settings;
  const { current } = await readLedger(host, deployPath);
  const staged = await findStagedTree(host, deployPath);
  if (staged !== undefined) say(`Compose files of the staged release ${staged.releaseId}, which is not live yet.`);
  const baseDir = staged === undefined ? deployPath : await buildStagedView(host, deployPath, staged.releaseId);
  // A one-off service usually sits in a profile of its own, so that `up` leaves it alone: look at all of them.
  const settings = { ...inputs.settings, profiles: ['*'] };
  return { host, baseDir, settings, pins: mergePins(current?.pins ?? [], inputs.pins) };
}

/** The image of `service`; with `images` given it must be one of them, or an old version would run the new migration. */
function serviceImage(model: ComposeModel, inputs: Inputs): string {
  const service = model.services[inputs.service];
  if (service === undefined)
    throw new ComposeError({
      code: 'SERVICE_UNKNOWN',
      message: `input \`service\`: ${JSON.stringify(inputs.service)} is not a service of the compose files (they have: ${Object.keys(model.services).join(', ')}).`,
      hint: 'Name the service whose image holds the migration.',
    });
  const { image } = service;
  if (image === undefined)
    throw new MigrateError({
      code: 'IMAGE_MISMATCH',
      message: `service ${service.name} has no \`image\`, and this action never builds.`,
      hint: `Give it one in the compose file, and pin it: ${service.name}=repository@sha256:….`,
    });
  if (inputs.pins.length > 0 && !inputs.pins.some((pin) => pin.ref === image))
    throw new MigrateError({
      code: 'IMAGE_MISMATCH',
      message: `service ${service.name} would run ${image}, which is none of \`images\`: the commands would run in another version than the one that is deployed.`,
      hint: `Add a line ${service.name}=repository@sha256:… to \`images\`, or let the service share the variable of the app's image.`,
    });
  return image;
}

async function pullServiceImage(
  host: Host,
  image: string,
  inputs: Inputs,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<void> {
  if ((await inspectImages(host, [image])).has(image)) return;
  const { registry } = parseImageRef(image, `the image of service ${inputs.service}`);
  const credentials = credentialsFor(registry, inputs.credentials, registriesOf(image, inputs.pins));
  await pullImage(host, { ref: image, registry, credentials, signal });
  say(`Pulled: ${image}`);
}

/** Registries of this step's images: without `images` that is the service's own. */
export function registriesOf(image: string, pins: readonly RecordedPin[]): ReadonlySet<string> {
  const refs = pins.length === 0 ? [image].filter((ref) => ref !== '') : pins.map(({ ref }) => ref);
  return new Set(refs.map((ref) => parseImageRef(ref, 'an image of this step').registry));
}
