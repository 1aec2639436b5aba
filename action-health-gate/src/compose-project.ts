import { isDeployError } from '@deploy-actions/kit/action/errors';
import type { ComposeSettings } from '@deploy-actions/kit/compose/compose-settings';
import { resolveProjectName } from '@deploy-actions/kit/compose/project-name';
import type { Host } from '@deploy-actions/kit/host/host';
import { GateError } from './error.ts';

/**
 * The name under which Compose labelled the project's containers: the one given, or the one that Compose itself finds in
 * deploy-path.
 * @throws GateError PROJECT_UNKNOWN
 */
export async function findProjectName(host: Host, compose: ComposeSettings): Promise<string> {
  if (compose.projectName !== undefined) return compose.projectName;
  try {
    return await resolveProjectName(host, compose);
  } catch (cause) {
    if (!isDeployError(cause) || !unreadable.has(cause.code)) throw cause;
    throw new GateError({
      code: 'PROJECT_UNKNOWN',
      message: `${host.name}: the project in ${compose.deployPath} cannot be read, so the containers of its services are not known: ${cause.message}`,
      hint: 'Give `project-name`, or `compose-files` and `env-file` as the deploy step has them.',
      evidence: cause.evidence,
      cause,
    });
  }
}

const unreadable: ReadonlySet<string> = new Set(['COMPOSE_FILE_MISSING', 'COMPOSE_INVALID', 'ENV_FILE_MISSING']);
