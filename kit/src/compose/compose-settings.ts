import { badInput, type InputReader } from '../action/inputs.ts';
import { hasControlCharacter, readDeployPath, type DeployPath } from '../state/deploy-path.ts';

/** How the user's Compose project is addressed; paths are relative to deploy-path. */
export interface ComposeSettings {
  readonly deployPath: DeployPath;
  /** In `-f` order; empty = what plain `docker compose` finds in deploy-path. */
  readonly composeFiles: readonly string[];
  readonly projectName: string | undefined;
  readonly profiles: readonly string[];
  /** Extra env file for interpolation, after the project's `.env`. */
  readonly envFile: string | undefined;
}

/**
 * Reads `deploy-path`, `compose-files`, `project-name`, `profiles` and `env-file` (docs/architecture.md).
 * @throws ConfigurationError
 */
export function readComposeSettings(inputs: InputReader): ComposeSettings {
  const projectName = inputs.optional('project-name', { env: 'DEPLOY_PROJECT_NAME' });
  // The rule of the Compose specification for project names.
  if (projectName !== undefined && !/^[a-z0-9][a-z0-9_-]*$/.test(projectName))
    throw badInput('project-name', projectName, 'a project name (lower-case letters, digits, `-` and `_`)');
  const envFile = inputs.optional('env-file', { env: 'DEPLOY_ENV_FILE' });
  return {
    deployPath: readDeployPath(inputs),
    composeFiles: inputs
      .lines('compose-files', { env: 'DEPLOY_COMPOSE_FILE' })
      .map((path) => relativePath('compose-files', path)),
    projectName,
    profiles: inputs.lines('profiles'),
    envFile: envFile === undefined ? undefined : relativePath('env-file', envFile),
  };
}

/** A path below deploy-path: no absolute path, no `..`. A `:` would split COMPOSE_FILE. */
function relativePath(input: string, path: string): string {
  const isInside = !path.startsWith('/') && !path.split('/').includes('..') && !hasControlCharacter(path);
  if (!isInside || path.includes(':'))
    throw badInput(input, path, 'a path relative to deploy-path, without `..` and `:`');
  return path.replace(/^(\.\/)+/, '');
}
