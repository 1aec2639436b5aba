import { rmSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { openLab, type Lab, type LabServer } from '../../lab/src/index.ts';
import { createJob, type Job, type StepResult } from '../../lab/src/runner/index.ts';
import { makeFolder, writeFiles, type Files } from './source-fixture.ts';

/** One workspace and one deploy path for each test, on the lab's server. */
export interface SyncFixture {
  readonly lab: Lab;
  readonly server: LabServer;
  readonly workspace: string;
  readonly deployPath: string;
  readonly write: (files: Files) => void;
  readonly startJob: () => Promise<Job>;
  /** A job with one sync, as a runner runs it. The key may show nowhere. */
  readonly sync: (inputs?: Readonly<Record<string, string>>) => Promise<StepResult>;
  /** A script as root on the server: `$1` is deploy-path, then the arguments. @returns what it prints */
  readonly onServer: (script: string, ...args: readonly string[]) => Promise<string>;
  /** What stands in deploy-path: `mode path` of files, `path -> target` of links; without `.deploy/`. */
  readonly list: (folder?: string) => Promise<readonly string[]>;
  readonly read: (path: string) => Promise<string>;
}

/**
 * Registers the hooks of the test file.
 * @param name unique among the files that run at the same time
 * @param find the server; default: the lab's own
 */
export function useSync(
  name: string,
  find: (lab: Lab) => Promise<LabServer> = (lab) => Promise.resolve(lab.server),
): SyncFixture {
  let lab: Lab;
  let server: LabServer;
  let workspace: string;
  let deployPath: string;
  let count = 0;

  beforeAll(async () => {
    lab = await openLab();
    server = await find(lab);
  });
  beforeEach(async () => {
    count++;
    workspace = makeFolder();
    deployPath = `/srv/${name}-${process.pid}-${count}`;
    await server.exec(['install', '-d', '-o', 'deploy', '-g', 'deploy', deployPath]);
  });
  afterEach(async () => {
    rmSync(workspace, { recursive: true });
    await server.exec(['rm', '-rf', deployPath]);
  });

  const onServer = async (script: string, ...args: readonly string[]): Promise<string> =>
    (await server.exec(['sh', '-c', `set -e; ${script}`, 'sh', deployPath, ...args])).stdout;
  const startJob = (): Promise<Job> =>
    createJob({
      workspace,
      env: {
        DEPLOY_HOST: server.address,
        DEPLOY_USER: server.user,
        DEPLOY_SSH_PRIVATE_KEY: server.privateKey,
        DEPLOY_KNOWN_HOSTS: server.knownHosts,
        DEPLOY_PATH: deployPath,
      },
    });
  return {
    get lab() {
      return lab;
    },
    get server() {
      return server;
    },
    get workspace() {
      return workspace;
    },
    get deployPath() {
      return deployPath;
    },
    write: (files) => {
      writeFiles(workspace, files);
    },
    startJob,
    sync: async (inputs = {}) => {
      const job = await startJob();
      const result = await job.step({ uses: 'action-sync-remote', with: inputs });
      const { posts } = await job.finish();
      const logs = [result.rawLog, ...posts.map((post) => post.rawLog)];
      const written = [...logs, result.summary, JSON.stringify(result.outputs)].join('\n');
      const secret = server.privateKey.split('\n').filter((line) => line.length > 20 && !line.includes('-----'));
      for (const line of secret) expect(written).not.toContain(line);
      return result;
    },
    onServer,
    list: async (folder = deployPath) => {
      const script =
        'cd "$2" && find . -path ./.deploy -prune -o -type f -printf "%m %P\\n" -o -type l -printf "%P -> %l\\n" | sort';
      return (await onServer(script, folder)).split('\n').filter((line) => line !== '');
    },
    read: (path) => onServer('cat "$1/$2"', path),
  };
}
