import { badInput, type InputReader } from '../action/inputs.ts';
import { ConfigurationError } from '../action/errors.ts';

declare const brand: unique symbol;
/** An absolute, normalised folder on the server that holds one deployed project. */
export type DeployPath = string & { readonly [brand]: 'DeployPath' };

/** Folders of the system: deploying into one of them would put other people's files at stake. */
const systemFolders = new Set(
  '/bin /boot /dev /etc /home /lib /lib64 /media /mnt /opt /proc /root /run /sbin /srv /sys /tmp /usr /var /usr/local /var/lib /var/www /var/log /usr/bin /usr/lib'.split(
    ' ',
  ),
);

/**
 * Reads `deploy-path` (or DEPLOY_PATH).
 * @throws ConfigurationError for anything that is not an absolute path to a folder of its own
 */
export function readDeployPath(inputs: InputReader): DeployPath {
  return parseDeployPath(inputs.required('deploy-path', { env: 'DEPLOY_PATH' }));
}

/** Parses a deploy path, or another folder of ours by the name of its input; see {@link readDeployPath}. */
export function parseDeployPath(text: string, input = 'deploy-path'): DeployPath {
  const path = text.replace(/\/+$/, '');
  if (!path.startsWith('/') || /(^|\/)\.{1,2}(\/|$)|\/\//.test(path) || hasControlCharacter(path))
    throw badInput(input, text, 'an absolute path without `.`, `..` or control characters');
  if (systemFolders.has(path) || /^\/home\/[^/]+$/.test(path) || /\/\.deploy(\/|$)/.test(path))
    throw new ConfigurationError(
      `input \`${input}\`: ${JSON.stringify(text)} is a system folder or a home directory.`,
      'Give the project a folder of its own, for example /srv/my-app.',
    );
  return path as DeployPath;
}

/**
 * `is_system FOLDER` (physical, as `pwd -P` says): the same judgement on the server, where a link may lead to such a folder,
 * and where the login's own home is.
 */
export const systemFunction = `is_system() {
  case $1 in /home/*/*) ;; /|/home/*|${[...systemFolders].join('|')}) return 0 ;; esac
  [ -n "\${HOME:-}" ] && [ "$1" = "$(cd "$HOME" 2>/dev/null && pwd -P)" ]
}
`;

/** What {@link systemFunction} found, as a message says it. */
export function describeSystemFolder(deployPath: DeployPath, hostName: string, real: string): string {
  return `input \`deploy-path\`: ${deployPath} on ${hostName} is ${real}, a system folder or the home directory of the login. Nothing was changed.`;
}

/** True for NUL, newlines and the like, which no path of ours may hold. */
export function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** `<deploy-path>/.deploy/<part>`: where the state lives (docs/architecture.md). */
export function statePath(deployPath: DeployPath, ...parts: readonly string[]): string {
  return [deployPath, '.deploy', ...parts].join('/');
}
