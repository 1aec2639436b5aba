import { readFileSync } from 'node:fs';

import { describeThrown } from '@deploy-actions/kit/action/errors';
import { runLocalProgram } from '@deploy-actions/kit/host/local-program';

import { cleanText } from '../failures.ts';
import { normaliseRegistry } from '../registry/endpoint.ts';
import {
  authFilePaths,
  findLeads,
  isNotFoundAnswer,
  parseAuthFile,
  parseHelperOutput,
  type AuthFile,
  type CredentialLead,
} from './auth-file.ts';
import { secretsOf, type Credentials } from './credentials.ts';

export interface CredentialStoreOptions {
  /** By registry, see normaliseRegistry. They win over whatever is on the machine. */
  readonly given: ReadonlyMap<string, Credentials>;
  readonly env: (name: string) => string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told each secret before it is handed on. */
  readonly onSecret: (secret: string) => void;
  /** A file or a helper that is of no use is said, not hidden; the registry is then asked without it. */
  readonly onWarning: (message: string) => void;
}

/** The door to credentials: those given, then those that `docker login` and its like left on this machine. */
export interface CredentialStore {
  /** Asked for when a registry wants some, and not before. Undefined: none. */
  find(registry: string, repository: string): Promise<Credentials | undefined>;
}

export function openCredentialStore(options: CredentialStoreOptions): CredentialStore {
  let files: readonly AuthFile[] | undefined;
  const helperAnswers = new Map<string, Promise<Credentials | undefined>>();

  const follow = (lead: CredentialLead): Promise<Credentials | undefined> => {
    if (lead.kind === 'stored') return Promise.resolve(lead.credentials);
    const key = `${lead.helper} ${lead.server}`;
    const asked = helperAnswers.get(key) ?? askHelper(lead, options);
    helperAnswers.set(key, asked);
    return asked;
  };
  const search = async (registry: string, repository: string): Promise<Credentials | undefined> => {
    files ??= readAuthFiles(options);
    for (const file of files) {
      for (const lead of findLeads(file, registry, repository)) {
        const found = await follow(lead);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  };
  return {
    find: async (registry, repository) => {
      const found = options.given.get(normaliseRegistry(registry)) ?? (await search(registry, repository));
      if (found !== undefined) for (const secret of secretsOf(found)) options.onSecret(secret);
      return found;
    },
  };
}

function readAuthFiles({ env, onWarning }: CredentialStoreOptions): readonly AuthFile[] {
  return authFilePaths(env).flatMap((path) => {
    try {
      const file = parseAuthFile(path, readFileSync(path));
      if (file === undefined) onWarning(`${path} is no JSON object: the credentials in it are not used.`);
      return file === undefined ? [] : [file];
    } catch (thrown) {
      const isAbsent = thrown instanceof Error && 'code' in thrown && /^(ENOENT|ENOTDIR)$/.test(String(thrown.code));
      if (!isAbsent) onWarning(`${path} cannot be read: ${describeThrown(thrown)}.`);
      return [];
    }
  });
}

async function askHelper(
  { helper, server }: CredentialLead & { readonly kind: 'helper' },
  { timeoutMs, signal, onWarning }: CredentialStoreOptions,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`;
  const ended = await runLocalProgram([program, 'get'], { stdin: `${server}\n`, timeoutMs, signal });
  const found = ended.kind === 'exited' && ended.code === 0 ? parseHelperOutput(ended.stdout, program) : undefined;
  if (found !== undefined) return found;
  if (ended.kind === 'exited' && isNotFoundAnswer(`${ended.stdout} ${ended.stderr}`)) return undefined;
  // Its standard output may hold a secret: only how it ended is told.
  const why =
    ended.kind === 'failed'
      ? ended.reason
      : `exit status ${ended.code}, ${cleanText(ended.stderr) || 'no credentials'}`;
  onWarning(`${program} gave no credentials for ${server}: ${why}.`);
  return undefined;
}
