import type { Lab } from '../../lab/src/index.ts';

/** One way in which a derived image differs from the lab's app v1: an instruction of a Dockerfile. */
export type Change = `ENV ${string}` | 'HEALTHCHECK NONE';

/**
 * Publishes the lab's app with another environment or health check, and returns its reference by digest: for images that
 * misbehave, which the lab has no release of.
 */
export async function deriveImage(lab: Lab, name: string, changes: readonly Change[]): Promise<string> {
  const { repository, v1 } = lab.images.app;
  const tag = `${lab.registry.anonymous.address}/derived/${name}:1`;
  const script = `
set -eu
from=$1 tag=$2; shift 2
docker image inspect "$from" >/dev/null 2>&1 || docker pull -q "$from" >/dev/null
id=$(docker create "$from")
trap 'docker rm "$id" >/dev/null' EXIT
docker commit "$@" "$id" "$tag" >/dev/null
docker push -q "$tag" >/dev/null
docker image inspect --format '{{index .RepoDigests 0}}' "$tag"`;
  const from = lab.reference('anonymous', repository, v1.digest);
  const options = changes.flatMap((change) => ['-c', change]);
  const { stdout } = await lab.server.exec(['sh', '-c', script, 'derive', from, tag, ...options]);
  return stdout.trim();
}
