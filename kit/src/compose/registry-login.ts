import type { InputReader } from '../action/inputs.ts';
import { ConfigurationError } from '../action/errors.ts';
import { programPart, runBatch, type BatchPart } from '../host/batch.ts';
import { lastLines, type Host } from '../host/host.ts';
import { inspectImagesPart, parseStoredImages, type StoredImage } from './local-images.ts';
import { ComposeError } from './model.ts';

/** For the server's `docker pull`; masked already. */
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
  /** The one registry they belong to; undefined where the user did not say, see {@link credentialsFor}. */
  readonly registry: string | undefined;
}

/**
 * Reads `registry-username`, `registry-password` and `registry`; undefined when neither is given, and then the server pulls with
 * what its own Docker configuration knows.
 * @throws ConfigurationError when only one of them is given
 */
export function readRegistryCredentials(inputs: InputReader): RegistryCredentials | undefined {
  const username = inputs.optional('registry-username', { env: 'DEPLOY_REGISTRY_USERNAME' });
  const password = inputs.secret('registry-password', { env: 'DEPLOY_REGISTRY_PASSWORD' });
  const registry = inputs.optional('registry', { env: 'DEPLOY_REGISTRY' });
  if (username !== undefined && password !== undefined) return { username, password: password.trim(), registry };
  if (username === undefined && password === undefined) return undefined;
  const missing = username === undefined ? 'registry-username' : 'registry-password';
  throw new ConfigurationError(`input \`${missing}\` is empty, but its partner is given.`, 'Give both or none.');
}

/**
 * The credentials for one registry, or undefined: credentials go only to the registry they belong to. Without the input
 * `registry` that is the only registry among the pinned images.
 * @throws ConfigurationError when it is not clear which one that is
 */
export function credentialsFor(
  registry: string,
  credentials: RegistryCredentials | undefined,
  pinnedRegistries: ReadonlySet<string>,
): RegistryCredentials | undefined {
  if (credentials === undefined) return undefined;
  if (credentials.registry !== undefined) return credentials.registry === registry ? credentials : undefined;
  if (pinnedRegistries.size > 1)
    throw new ConfigurationError(
      `input \`registry\`: the images come from several registries (${[...pinnedRegistries].join(', ')}), and it does not say which one \`registry-username\` belongs to.`,
      'Set `registry` (or DEPLOY_REGISTRY) to that host.',
    );
  return pinnedRegistries.has(registry) ? credentials : undefined;
}

/** Docker's own key for its Hub in a configuration file. */
const hubKey = 'https://index.docker.io/v1/';

/** A Docker configuration with credentials for exactly the given registries. */
export function renderDockerConfig(registries: readonly string[], credentials: RegistryCredentials): string {
  const auth = Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
  const key = (registry: string): string => (registry === 'docker.io' ? hubKey : registry);
  return JSON.stringify({ auths: Object.fromEntries(registries.map((registry) => [key(registry), { auth }])) });
}

/**
 * Pulls $1 with the configuration on stdin, which lives in memory (or a private folder) while this script runs and is
 * removed by its trap, also when the connection dies. The user's own configuration stays as it is; the engine it points
 * to is passed on by hand, because a context belongs to the configuration that is replaced here.
 */
const pullScript = `
umask 077
dir=$(mktemp -d /dev/shm/deploy-actions-XXXXXX 2>/dev/null || mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 129' HUP INT TERM PIPE
cat > "$dir/config.json"
engine=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null || true)
if [ -n "$engine" ] && [ -z "\${DOCKER_HOST:-}" ]; then DOCKER_HOST=$engine; export DOCKER_HOST; fi
docker --config "$dir" pull --quiet "$1"`;

/** What one pull needs. */
export interface PullRequest {
  /** `repository@sha256:…` */
  readonly ref: string;
  readonly registry: string;
  readonly credentials: RegistryCredentials | undefined;
  readonly signal: AbortSignal;
}

const pullTimeoutMs = 15 * 60_000;

/**
 * Pulls one image on the server.
 * @returns the image as the server has it then; undefined where it does not find it by that reference
 * @throws ComposeError IMAGE_PULL_FAILED with Docker's last words
 */
export async function pullImage(host: Host, request: PullRequest): Promise<StoredImage | undefined> {
  const { ref, signal } = request;
  const parts = [{ ...pullPart(request), mayFail: true }, inspectImagesPart([ref])];
  const [pulled, looked] = await runBatch(host, parts, { timeoutMs: pullTimeoutMs, signal, isDetached: true });
  if (pulled?.code === 0) return parseStoredImages([ref], looked?.stdout ?? '').get(ref);
  const said = lastLines(pulled?.stderr ?? '', 1)[0] ?? '';
  throw new ComposeError({
    code: 'IMAGE_PULL_FAILED',
    message: `${host.name}: docker pull ${ref} failed: ${said}`,
    hint: /unauthorized|denied|forbidden|no basic auth/i.test(said)
      ? 'The registry refused the server. Give `registry-username` and `registry-password` with pull rights.'
      : 'Nothing was changed on the server.',
  });
}

function pullPart({ ref, registry, credentials }: PullRequest): BatchPart {
  const purpose = `docker pull ${ref}`;
  if (credentials === undefined) return programPart(purpose, ['docker', 'pull', '--quiet', ref]);
  return { purpose, source: pullScript, args: [ref], stdin: renderDockerConfig([registry], credentials) };
}
