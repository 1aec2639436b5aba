import { createHash } from 'node:crypto';
import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { badInput, type InputReader } from '@deploy-actions/kit/action/inputs';
import { hasControlCharacter } from '@deploy-actions/kit/state/deploy-path';

/** The env file of the project on the server. */
export interface EnvFile {
  /** Relative to deploy-path. */
  readonly path: string;
  /** What it shall hold; undefined: it is kept on the server by somebody else, and must be there. */
  readonly content: string | undefined;
}

const defaultPath = '.env';

/**
 * Reads `env-file` (or DEPLOY_ENV_FILE) and `env-file-content`, which is masked first.
 * @throws ConfigurationError naming the line that cannot be one of an env file, never its text
 */
export function readEnvFile(inputs: InputReader): EnvFile | undefined {
  const content = inputs.secret('env-file-content');
  const path = inputs.optional('env-file', { env: 'DEPLOY_ENV_FILE' });
  if (content === undefined && path === undefined) return undefined;
  return {
    path: parseEnvPath(path ?? defaultPath),
    content: content === undefined ? undefined : normalizeEnv(content),
  };
}

function parseEnvPath(text: string): string {
  const path = text.replace(/^(\.\/)+/, '');
  const parts = path.split('/');
  const isPlain = parts.every((part) => part !== '' && part !== '.' && part !== '..' && part !== '.git');
  if (!isPlain || parts[0] === '.deploy' || hasControlCharacter(path) || /[\\:]/.test(path))
    throw badInput('env-file', text, 'one path relative to deploy-path, without `..`, `:` and backslash');
  return path;
}

/**
 * The text as it is written: line ends of Unix, one at the end, without the block that a rollout writes (it comes along
 * when a file is copied from the server). Compose's own rules decide what a line may be.
 * @throws ConfigurationError naming the line
 */
export function normalizeEnv(text: string): string {
  const lines = text
    .replace(/^\uFEFF/, '')
    .replaceAll('\r\n', '\n')
    .replace(/^# >>> deploy-actions[^]*?^# <<< deploy-actions.*\n?/gm, '')
    .split('\n');
  let open: { readonly quote: string; readonly line: number } | undefined;
  for (const [at, line] of lines.entries()) {
    const wrong = refuseLine(line, open === undefined);
    if (wrong !== undefined) throw badLine(at + 1, wrong);
    const quote = openQuote(line, open?.quote);
    open = quote === undefined ? undefined : { quote, line: open?.line ?? at + 1 };
  }
  if (open !== undefined) throw badLine(open.line, `opens a value with ${open.quote} that nothing closes`);
  return `${lines.join('\n').replace(/\n+$/, '')}\n`;
}

function refuseLine(line: string, isStart: boolean): string | undefined {
  if (/[\0\r]/.test(line)) return 'holds a NUL or a carriage return';
  if (!isStart || line.trim() === '' || line.trimStart().startsWith('#')) return undefined;
  return /^\s*(export\s+)?[A-Za-z_][\w.-]*\s*([=:]|$)/.test(line) ? undefined : 'is not NAME=value';
}

/** The quote that is still open after the line; a value begins with its quote, or has none. */
function openQuote(line: string, open: string | undefined): string | undefined {
  if (open !== undefined) return closes(line, open) ? undefined : open;
  const value = /^\s*(?:export\s+)?[\w.-]+\s*[=:]\s*(.*)$/.exec(line)?.[1] ?? '';
  const [quote] = value;
  if (quote !== '"' && quote !== "'") return undefined;
  return closes(value.slice(1), quote) ? undefined : quote;
}

function closes(text: string, quote: string): boolean {
  return quote === '"' ? /(^|[^\\])(\\\\)*"/.test(text) : text.includes("'");
}

function badLine(line: number, what: string): ConfigurationError {
  return new ConfigurationError(
    `input \`env-file-content\`: line ${line} ${what}. Nothing was changed.`,
    'One NAME=value a line, as Compose reads env files; quote values that hold spaces, `#` or several lines.',
  );
}

/** The values that are secrets by their name: an application may print one of them alone. */
export function secretValues(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(?:export\s+)?([\w.-]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (!/pass|secret|token|key|pwd|cred|dsn|_url|private/i.test(match?.[1] ?? '')) return [];
    const value = (match?.[2] ?? '').replace(/^(["'])(.*)\1$/, '$2');
    // As Compose reads it: a comment may follow.
    const [, double, single, plain] = /^"((?:[^"\\]|\\.)*)"|^'([^']*)'|^(.*?)\s+#/.exec(match?.[2] ?? '') ?? [];
    return [...new Set([value, double ?? single ?? plain ?? ''])].filter((part) => part.length >= 6);
  });
}

/** As the server hashes it; see manifest-look.ts. */
export function digestEnv(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
