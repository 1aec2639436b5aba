import { spawn } from 'node:child_process';
import { ReleaseRefusal } from './refusal.ts';

/** The one door to git: arguments only, in one folder. */
export class Git {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;

  /** @param env what its processes get besides the environment of this one */
  constructor(folder: string, env: NodeJS.ProcessEnv = {}) {
    this.folder = folder;
    this.#env = env;
  }

  /** The same folder, with more in the environment: what must not stand on a command line. */
  with(env: NodeJS.ProcessEnv): Git {
    return new Git(this.folder, { ...this.#env, ...env });
  }

  /**
   * @returns what git printed on stdout, without the last newline
   * @throws ReleaseRefusal with git's own words when it fails
   */
  async run(args: readonly string[], options: GitOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.#spawn(args, options);
    if (code !== 0) throw new ReleaseRefusal([`git ${args.slice(0, 2).join(' ')} in ${this.folder}: ${stderr.trim()}`]);
    return stdout.replace(/\n$/, '');
  }

  /** Whether git ends well. */
  async test(args: readonly string[]): Promise<boolean> {
    return (await this.#spawn(args, {})).code === 0;
  }

  /** The lines git prints; none for an empty output. */
  async lines(args: readonly string[], options: GitOptions = {}): Promise<readonly string[]> {
    const output = await this.run(args, options);
    return output === '' ? [] : output.split('\n');
  }

  #spawn(args: readonly string[], { input, env }: GitOptions): Promise<GitResult> {
    return new Promise((resolve, reject) => {
      const child = spawn('git', args, { cwd: this.folder, env: { ...process.env, ...this.#env, ...env } });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
      // A git that ends without reading its input says why by its exit code.
      child.stdin.on('error', () => undefined).end(input ?? '');
      child.on('error', reject);
      child.on('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
    });
  }
}

interface GitOptions {
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

interface GitResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
