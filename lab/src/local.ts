import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from './file.ts';
import type { LabPaths } from './paths.ts';
import { dockerSocketOf } from './server.ts';

/**
 * The server's engine as if it were this machine's own, for `host: local`: put `bin` first in PATH and set DOCKER_HOST.
 * Deploy paths must be below `folder`, which the machine and the server see at the same path.
 */
export interface LocalEngine {
  readonly bin: string;
  readonly dockerHost: string;
  readonly folder: string;
}

export function describeLocal(paths: LabPaths): LocalEngine {
  return {
    bin: join(paths.root, 'local/bin'),
    dockerHost: `unix://${dockerSocketOf(paths, 'server1')}`,
    folder: paths.shared,
  };
}

/** A `docker` command for this machine that finds the lab's Compose whatever DOCKER_CONFIG says. */
export function prepareLocal(paths: LabPaths, tree: string): void {
  const config = join(paths.root, 'local/config');
  mkdirSync(config, { recursive: true });
  const script = `#!/bin/sh
set -eu
export DOCKER_CONFIG="\${DOCKER_CONFIG:-${config}}"
if [ ! -e "$DOCKER_CONFIG/cli-plugins/docker-compose" ]; then
  mkdir -p "$DOCKER_CONFIG/cli-plugins"
  ln -sfn ${tree}/usr/libexec/docker/cli-plugins/docker-compose "$DOCKER_CONFIG/cli-plugins/docker-compose"
fi
exec ${tree}/usr/bin/docker "$@"
`;
  writeWhole(join(describeLocal(paths).bin, 'docker'), script, 0o755);
}
