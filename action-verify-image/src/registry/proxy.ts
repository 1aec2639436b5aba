import { bareHost, isLoopbackHost } from './address.ts';

/** What the runner's environment says about proxies; self-hosted runners set it. */
export interface ProxySettings {
  /** URL of the proxy for https, and for http: `http://proxy.lan:3128`, with or without user and password. */
  readonly https: string | undefined;
  readonly http: string | undefined;
  /** `NO_PROXY`: hosts that are reached directly. */
  readonly except: string | undefined;
}

/** Reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY; the lower-case spelling wins, as in curl. */
export function readProxySettings(env: (name: string) => string | undefined): ProxySettings {
  const either = (name: string): string | undefined => env(name.toLowerCase()) ?? env(name);
  return { https: either('HTTPS_PROXY'), http: either('HTTP_PROXY'), except: either('NO_PROXY') };
}

/** Node's agents speak to proxies since 24.5 (`proxyEnv`); older ones would quietly connect past them. */
export function canUseProxies(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5);
}

/** The proxy for this URL; undefined for a direct connection. Loopback is always reached directly. */
export function findProxy(url: URL, settings: ProxySettings | undefined): string | undefined {
  const proxy = url.protocol === 'https:' ? settings?.https : settings?.http;
  if (settings === undefined || proxy === undefined || isLoopbackHost(url.hostname)) return undefined;
  const entries = (settings.except ?? '').split(',').map((entry) => entry.trim().toLowerCase());
  return entries.some((entry) => isExcepted(url, entry)) ? undefined : proxy;
}

/** `*`, `host`, `.suffix`, `*.suffix`, each with or without a port; a host stands for what is below it too. */
function isExcepted(url: URL, entry: string): boolean {
  const host = bareHost(url.hostname);
  if (entry === '*' || bareHost(entry) === host) return true;
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  const urlPort = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  if (port !== undefined && port !== urlPort) return false;
  const suffix = bareHost(name).replace(/^\*?\./, '');
  return suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`));
}
