import { parseContainers, type Container } from '@deploy-actions/kit/compose/container';
import type { ComposeSettings } from '@deploy-actions/kit/compose/compose-settings';
import type { Host } from '@deploy-actions/kit/host/host';
import { findUnfinishedDeploy } from '@deploy-actions/kit/state/journal';
import type { LeaseScope } from '@deploy-actions/kit/state/lease-scope';
import { lookAtLease } from '@deploy-actions/kit/state/lease-store';
import { readLedger } from '@deploy-actions/kit/state/release';
import { StateError } from '@deploy-actions/kit/state/state-folder';
import type { StatusFacts } from './server-status.ts';

/**
 * $1 deploy path, $2 project or empty. Prints `docker inspect` of the containers that belong to the folder: of that
 * project, or made by Compose in it or below it; a line `=`; then image id, tab, digests of each of their images. Exit 3: no such folder.
 * The resolved model is not asked: files that do not resolve must not hide what runs.
 */
const containersScript = `
real=$(cd "$1" 2>/dev/null && pwd -P) || exit 3
ids=$(docker ps -aq --no-trunc --filter label=com.docker.compose.project \\
  --format '{{.ID}}\t{{.Label "com.docker.compose.project"}}\t{{.Label "com.docker.compose.project.working_dir"}}/' |
  awk -F '\t' -v path="$1/" -v real="$real/" -v project="$2" \\
    '$2 == project || index($3, path) == 1 || index($3, real) == 1 { print $1 }') || exit 1
docker version --format '{{.Server.Version}}' >/dev/null || exit 1
[ -n "$ids" ] || { echo '[]'; exit 0; }
docker inspect --type container $ids || [ $? -eq 1 ]
echo =
images=$(docker inspect --type container --format '{{.Image}}' $ids 2>/dev/null | sort -u)
for image in $images; do docker image inspect --format '{{.Id}}\t{{json .RepoDigests}}' "$image" 2>/dev/null || true; done`;

/**
 * Looks at everything that `mode: status` tells; takes no lease and changes nothing.
 * @throws StateError DEPLOY_PATH_UNUSABLE
 */
export async function readStatusFacts(host: Host, settings: ComposeSettings, scope: LeaseScope): Promise<StatusFacts> {
  const { deployPath, projectName } = settings;
  const seen = await lookAtLease({ host, deployPath });
  const ofHost = scope.kind === 'host' ? await lookAtLease({ host, deployPath: scope.folder }) : undefined;
  const unfinished = await findUnfinishedDeploy(host, deployPath);
  const ledger = await readLedger(host, deployPath);
  const result = await host.script(containersScript, [deployPath, projectName ?? ''], { timeoutMs: 20_000 });
  if (result.code === 3)
    throw new StateError({
      code: 'DEPLOY_PATH_UNUSABLE',
      message: `input \`deploy-path\`: ${deployPath} on ${host.name} does not exist.`,
      hint: 'Nothing was ever deployed there; is it the right path and the right server?',
    });
  const containers = result.code === 0 ? parseStatusContainers(result.stdout) : undefined;
  return {
    ...seen,
    hostLease: ofHost?.lease,
    unfinished,
    ledger,
    containers: containers?.containers,
    repoDigests: containers?.repoDigests ?? new Map(),
  };
}

/** Pure: the output of the script above. */
export function parseStatusContainers(stdout: string): {
  readonly containers: readonly Container[];
  readonly repoDigests: ReadonlyMap<string, readonly string[]>;
} {
  const [inspected = '', images = ''] = stdout.split(/^=$/m);
  const repoDigests = new Map<string, readonly string[]>();
  for (const line of images.split('\n')) {
    const [id = '', digests = ''] = line.split('\t');
    // Docker's own JSON: a list of references, or null.
    if (digests !== '') repoDigests.set(id, (JSON.parse(digests) as readonly string[] | null) ?? []);
  }
  return { containers: parseContainers(inspected), repoDigests };
}
