import type { PartResult } from '../host/batch.ts';
import type { Host } from '../host/host.ts';

/**
 * `docker compose` is three starts of a program: Docker's CLI, the plugin to be asked what it is, and the plugin again. Its
 * name as the CLI tells it by this variable makes the plugin answer to nobody else than it does then (docker/cli,
 * cli-plugins/manager and cli-plugins/plugin).
 */
const asPlugin = 'DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND=docker';

/**
 * Prints Compose's version, and on a second line its plugin where that may be started directly: the first that Docker's CLI
 * would find (its documentation of plugins and cli-plugins/manager have the folders). Not where `docker` is anything else
 * than Docker's own program (a script, Podman, a snap), nor where a setting names other folders: these know what we do not.
 */
export const composeVersionScript = `
plugin() {
  real=$(readlink -f "$(command -v docker)" 2>/dev/null) || return 1
  case $real in */docker) ;; *) return 1 ;; esac
  case $(head -c 4 "$real" 2>/dev/null) in ?ELF) ;; *) return 1 ;; esac
  [ -z "\${DOCKER_CLI_PLUGIN_EXTRA_DIRS:-}" ] || return 1
  config=\${DOCKER_CONFIG:-$HOME/.docker}
  ! grep -qs cliPluginsExtraDirs "$config/config.json" || return 1
  for folder in "$config" /usr/local/lib/docker /usr/local/libexec/docker /usr/lib/docker /usr/libexec/docker; do
    file=$folder/cli-plugins/docker-compose
    [ -e "$file" ] || continue
    [ ! -x "$file" ] || printf '%s' "$file"
    return
  done
}
found=$(plugin)
if [ -n "$found" ] && said=$(env ${asPlugin} "$found" compose version --short 2>/dev/null) && [ -n "$said" ]; then
  printf '%s\\n%s\\n' "$said" "$found"
else
  docker compose version --short
fi`;

const plugins = new WeakMap<Host, string>();

/**
 * Reads what {@link composeVersionScript} prints, and from now on starts the plugin directly on this host, where there is one.
 * @returns the version as Compose prints it; empty where it did not
 */
export function adoptComposePlugin(host: Host, { stdout }: Pick<PartResult, 'stdout'>): string {
  const [version = '', plugin = ''] = stdout.trim().split('\n');
  if (plugin !== '') plugins.set(host, plugin);
  return version.trim();
}

/** The argv of `docker compose …`, by the plugin itself where this host is known to have one. */
export function composeArgv(host: Host, args: readonly string[]): readonly string[] {
  const plugin = plugins.get(host);
  return plugin === undefined ? ['docker', 'compose', ...args] : ['env', asPlugin, plugin, 'compose', ...args];
}
