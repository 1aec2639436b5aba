import type { Lab } from '../../lab/src/index.ts';

/** A Compose project on the lab's server, in `/srv/<name>`, which is its name too. */
export interface Project {
  readonly deployPath: string;
  /** Ids of its containers, stopped ones and one-offs included; with a service, only what runs of that. */
  listContainers(service?: string): Promise<readonly string[]>;
  /** Removes containers, volumes, networks and the folder. */
  remove(): Promise<void>;
}

export function openProject(lab: Lab, name: string): Project {
  const deployPath = `/srv/${name}`;
  const label = `label=com.docker.compose.project=${name}`;
  const list = async (argv: readonly string[]): Promise<readonly string[]> => {
    const { stdout } = await lab.server.docker([...argv, '--filter', label]);
    return stdout.split('\n').filter((line) => line !== '');
  };
  return {
    deployPath,
    listContainers: (service) =>
      service === undefined
        ? list(['ps', '--all', '--quiet', '--no-trunc'])
        : list(['ps', '--quiet', '--no-trunc', '--filter', `label=com.docker.compose.service=${service}`]),
    remove: async () => {
      const containers = await list(['ps', '--all', '--quiet']);
      if (containers.length > 0) await lab.server.docker(['rm', '--force', '--volumes', ...containers]);
      for (const kind of ['volume', 'network'])
        for (const id of await list([kind, 'ls', '--quiet'])) await lab.server.docker([kind, 'rm', id]);
      await lab.server.exec(['rm', '-rf', deployPath]);
    },
  };
}
