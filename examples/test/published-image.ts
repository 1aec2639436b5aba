import type { Lab } from '../../lab/src/index.ts';

/**
 * Builds an image on the lab's server and pushes it, as somebody else's CI has done before the deploy: for tags that the
 * lab's own images do not have. `from` is a reference, `lines` what comes after FROM.
 * @returns id of the image, which its containers have too
 */
export async function publishImage(
  lab: Lab,
  tag: string,
  from: string,
  lines: readonly string[] = [],
): Promise<string> {
  const dockerfile = [`FROM ${from}`, ...lines].join('\n');
  const { stdout } = await lab.server.docker(['build', '--quiet', '--tag', tag, '-'], { stdin: dockerfile });
  await lab.server.docker(['push', '--quiet', tag]);
  return stdout.trim();
}

/**
 * Digest that a tag stands for, `''` where there is none. All registries of the lab have the same storage; this asks the
 * one without accounts.
 */
export async function readTag(lab: Lab, repository: string, tag: string): Promise<string> {
  const answer = await fetch(`http://${lab.registry.anonymous.address}/v2/${repository}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept: 'application/vnd.docker.distribution.manifest.v2+json' },
  });
  return answer.headers.get('docker-content-digest') ?? '';
}

/** Id of the image that each of these containers runs. */
export async function readImageIds(lab: Lab, containers: readonly string[]): Promise<readonly string[]> {
  if (containers.length === 0) return [];
  const { stdout } = await lab.server.docker(['inspect', '--format', '{{.Image}}', ...containers]);
  return stdout.trim().split('\n');
}
