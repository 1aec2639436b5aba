import { badInput, type InputReader } from '../action/inputs.ts';
import { ConfigurationError } from '../action/errors.ts';

declare const brand: unique symbol;
/** An absolute, normalised folder on the server that holds one deployed project. */
export type DeployPath = string & { readonly [brand]: 'DeployPath' };

/** Folders of the system: deploying into one of them would put other people's files at stake. */
const systemFolders = (
  '/dev /home /media /mnt /opt /root /run /srv /tmp /usr /usr/local /usr/src /var /var/backups /var/cache /var/crash /var/lib ' +
  '/var/local /var/lock /var/log /var/mail /var/opt /var/run /var/spool /var/tmp /var/www'
).split(' ');

/** The same, with all that is below them. */
const systemTrees = (
  '/bin /boot /etc /lib /lib32 /lib64 /libx32 /proc /sbin /snap /sys /usr/bin /usr/etc /usr/games /usr/include /usr/lib ' +
  '/usr/lib32 /usr/lib64 /usr/libexec /usr/libx32 /usr/sbin /usr/share /usr/local/bin /usr/local/etc /usr/local/games ' +
  '/usr/local/include /usr/local/lib /usr/local/libexec /usr/local/sbin /usr/local/share /var/lib/apt /var/lib/containerd ' +
  '/var/lib/docker /var/lib/dpkg /var/lib/systemd'
).split(' ');

/** Where people keep Compose projects below one of those trees (a unit `docker-compose@.service` looks there). */
const projectsOfSystemd = '/etc/docker/compose';

function isSystem(path: string): boolean {
  if (path.startsWith(`${projectsOfSystemd}/`)) return false;
  if (systemFolders.includes(path) || /^\/home\/[^/]+$/.test(path)) return true;
  return systemTrees.some((tree) => path === tree || path.startsWith(`${tree}/`));
}

/**
 * Reads `deploy-path` (or DEPLOY_PATH).
 * @throws ConfigurationError for anything that is not an absolute path to a folder of its own
 */
export function readDeployPath(inputs: InputReader): DeployPath {
  return parseDeployPath(inputs.required('deploy-path', { env: 'DEPLOY_PATH' }));
}

/** Parses a deploy path, or another folder of ours by the name of its input; see {@link readDeployPath}. */
export function parseDeployPath(text: string, input = 'deploy-path'): DeployPath {
  const path = text.replace(/(?<=[^/])\/+$/, '');
  if (!path.startsWith('/') || /(^|\/)\.{1,2}(\/|$)|\/\//.test(path) || hasControlCharacter(path))
    throw badInput(input, text, 'an absolute path without `.`, `..` or control characters');
  if (path === '/' || isSystem(path) || /\/\.deploy(\/|$)/.test(path))
    throw new ConfigurationError(
      `input \`${input}\`: ${JSON.stringify(text)} is a system folder or a home directory.`,
      'Give the project a folder of its own, for example /srv/my-app.',
    );
  if (path.lastIndexOf('/') === 0)
    throw new ConfigurationError(
      `input \`${input}\`: ${JSON.stringify(text)} lies directly below /, where folders are the system's.`,
      'Give the project a folder of its own, for example /srv/my-app.',
    );
  return path as DeployPath;
}

/**
 * `is_system FOLDER` (physical, as `pwd -P` says): the same judgement on the server, where a link may lead to such a folder,
 * and where the login's own home is.
 */
export const systemFunction = `is_system() {
  case $1 in
    ${projectsOfSystemd}/*|/home/*/*) ;;
    /|/home/*|${systemFolders.join('|')}|${systemTrees.flatMap((tree) => [tree, `${tree}/*`]).join('|')}) return 0 ;;
  esac
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
