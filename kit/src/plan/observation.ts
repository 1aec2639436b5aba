import { modelArguments } from '../compose/compose-cli.ts';
import { composeArgv } from '../compose/compose-plugin.ts';
import type { ComposeSettings } from '../compose/compose-settings.ts';
import { parseContainers, type Container } from '../compose/container.ts';
import { listContainersPart } from '../compose/docker-cli.ts';
import { inspectImagesPart, parseStoredImages, type StoredImages } from '../compose/local-images.ts';
import { ComposeError, type ComposeModel } from '../compose/model.ts';
import { programPart, runBatch } from '../host/batch.ts';
import { lastLines, type Host } from '../host/host.ts';

/** What is, next to what is wanted. */
export interface ProjectObservation {
  readonly containers: readonly Container[];
  /** Compose's hash of every service of the model, by name: what a container created from it is labelled with. */
  readonly wantedHashes: Readonly<Record<string, string>>;
  /** The model's images as they are on the server, by reference. */
  readonly images: StoredImages;
}

/**
 * Looks at a project: hashes of the RESOLVED model (asked of the files, Compose 2.26 leaves `env_file` out of the hash
 * it prints, but not out of the label; ADR 0005), containers, images. Compose computes while Docker is asked.
 * @throws ComposeError COMPOSE_INVALID
 */
export async function observeProject(
  host: Host,
  settings: ComposeSettings,
  model: ComposeModel,
): Promise<ProjectObservation> {
  const refs = [...new Set(Object.values(model.services).flatMap(({ image }) => (image === undefined ? [] : [image])))];
  const hashArgs = modelArguments(model, settings, ['config', '--hash', '*']);
  const asked = runBatch(host, [
    programPart('docker compose config --hash', composeArgv(host, hashArgs), {
      stdin: model.text,
      fail: ({ stderr }) =>
        new ComposeError({
          code: 'COMPOSE_INVALID',
          message: `${host.name}: docker compose config --hash failed: ${lastLines(stderr, 2).join(' ')}`,
        }),
    }),
  ]);
  const seen = runBatch(host, [listContainersPart(model.name), inspectImagesPart(refs)]);
  const [[hashes], [containers, images]] = await Promise.all([asked, seen]);
  const pairs = (hashes?.stdout ?? '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([name, hash]) => (name === undefined || hash === undefined ? [] : [[name, hash] as const]));
  return {
    containers: parseContainers(containers?.stdout ?? ''),
    wantedHashes: Object.fromEntries(pairs),
    images: parseStoredImages(refs, images?.stdout ?? ''),
  };
}
