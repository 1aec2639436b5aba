import { ConfigurationError } from '@deploy-actions/kit/action/errors';

export type ServerEngine = 'postgres' | 'mysql';

/** A database server outside of the project, as `database-url` names it. */
export interface Connection {
  readonly engine: ServerEngine;
  /** For people: never holds the password. */
  readonly label: string;
  readonly database: string;
  readonly user: string;
  readonly host: string;
  readonly port: string;
  /** The client's own configuration file: libpq's service file, or an option file of MySQL. Holds the password. */
  readonly settings: string;
  /** What must be masked besides the URL itself. */
  readonly secrets: readonly string[];
}

const input = 'input `database-url`';

/** Parameters of libpq that change how a connection is made. Others (`schema`, `connection_limit`) are a framework's own. */
const libpqParameters: ReadonlySet<string> = new Set([
  ...['sslmode', 'sslnegotiation', 'channel_binding', 'gssencmode', 'target_session_attrs', 'connect_timeout'],
  ...['keepalives', 'keepalives_idle', 'require_auth', 'options'],
]);

/**
 * Reads `postgres://user:password@host:port/name?sslmode=…` or `mysql://…`, with the schemes that frameworks use for them.
 * @throws ConfigurationError that never quotes the URL
 */
export function parseDatabaseUrl(text: string): Connection {
  const url = parseUrl(text.trim());
  const engine = engineOf(url.protocol);
  const parts = {
    user: decode(url.username),
    password: decode(url.password),
    host: decode(url.hostname).replace(/^\[(.*)\]$/, '$1'),
    port: url.port || (engine === 'postgres' ? '5432' : '3306'),
    database: decode(url.pathname.replace(/^\//, '')),
  };
  for (const [name, value] of Object.entries(parts)) {
    // eslint-disable-next-line no-control-regex -- a line break would begin another setting of the client's file
    if (/[\u0000-\u001f\u007f]/.test(value))
      throw new ConfigurationError(`${input}: its ${name} holds a control character.`);
    if (value === '' && name !== 'password') throw new ConfigurationError(`${input}: it names no ${name}.`, hint);
  }
  const { password, ...rest } = parts;
  return {
    engine,
    ...rest,
    label: `${rest.database} on ${rest.host}:${rest.port}`,
    settings: engine === 'postgres' ? renderService(parts, url.searchParams) : renderOptionFile(parts),
    secrets: [...new Set([password, url.password])].filter((secret) => secret !== ''),
  };
}

const hint =
  'Write it as postgres://user:password@host:5432/name; characters like @ : / in the password as %40 %3A %2F.';

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    throw new ConfigurationError(`${input}: the value (${text.length} characters) is not a URL.`, hint);
  }
}

function engineOf(protocol: string): ServerEngine {
  // `postgresql+psycopg:` (SQLAlchemy), `mysql2:` (Rails), `postgis:` (Django) mean the same servers.
  const scheme = protocol.replace(/:$/, '').replace(/\+.*$/, '');
  if (['postgres', 'postgresql', 'postgis'].includes(scheme)) return 'postgres';
  if (['mysql', 'mysql2', 'mariadb'].includes(scheme)) return 'mysql';
  throw new ConfigurationError(`${input}: the scheme ${JSON.stringify(scheme)} is neither postgres nor mysql.`, hint);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ConfigurationError(`${input}: a % is not followed by two hexadecimal digits.`, hint);
  }
}

interface Parts {
  readonly user: string;
  readonly password: string;
  readonly host: string;
  readonly port: string;
  readonly database: string;
}

/** One section of a service file (libpq, "The Connection Service File"): values are taken as they are, to the end of the line. */
function renderService(parts: Parts, parameters: URLSearchParams): string {
  const more = [...parameters].filter(([name, value]) => libpqParameters.has(name) && !/[\r\n]/.test(value));
  const lines = [
    '[deploy]',
    `host=${parts.host}`,
    `port=${parts.port}`,
    `user=${parts.user}`,
    `dbname=${parts.database}`,
    ...(parts.password === '' ? [] : [`password=${parts.password}`]),
    ...more.map(([name, value]) => `${name}=${value}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** An option file of MySQL: quoted, so that `#` and spaces stay what they are. */
function renderOptionFile(parts: Parts): string {
  const quote = (value: string): string => `"${value.replaceAll(/[\\"]/g, String.raw`\$&`)}"`;
  const lines = [
    '[client]',
    `host=${quote(parts.host)}`,
    `port=${parts.port}`,
    `user=${quote(parts.user)}`,
    ...(parts.password === '' ? [] : [`password=${quote(parts.password)}`]),
  ];
  return `${lines.join('\n')}\n`;
}
