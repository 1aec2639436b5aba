/** How to load a server. */
export interface LoadOptions {
  /** http URL on loopback or in the lab's own address range; a path each request asks for. */
  readonly url: string;
  /** Requests per second, sent on schedule whatever the answers do. At most 1,000. */
  readonly rate: number;
  /** Share of POSTs, 0 to 1. */
  readonly post: number;
  /** Whether connections are reused: `both` alternates. */
  readonly keepAlive: 'yes' | 'no' | 'both';
  /** An answer that is not complete this long after its request was sent is a failure. */
  readonly limitMs: number;
  /** The load ends by itself after this time. At most 1,800. */
  readonly seconds: number;
  /** Name of the first phase. */
  readonly phase: string;
}

/** The options cannot be honoured; the message names the one at fault. */
export class LoadOptionError extends Error {
  override readonly name = 'LoadOptionError';
}

export const defaultLoadOptions: Omit<LoadOptions, 'url'> = {
  rate: 120,
  post: 0.2,
  keepAlive: 'both',
  limitMs: 5_000,
  seconds: 600,
  phase: 'load',
};

/** Loopback, or 10.211.0.0 to 10.219.255.255: the subnets that the lab chooses from. Nothing else is ever loaded. */
export function isLabAddress(hostname: string): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  const octets = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(hostname);
  if (octets === null) return false;
  const [first, second] = [Number(octets[1]), Number(octets[2])];
  return first === 127 || (first === 10 && second >= 211 && second <= 219);
}

function checkRange(name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high)) throw new LoadOptionError(`${name}: expected ${low} to ${high}, got ${value}`);
}

/** Fills in defaults and checks every bound. Throws LoadOptionError. */
export function completeLoadOptions(given: Partial<LoadOptions> & Pick<LoadOptions, 'url'>): LoadOptions {
  const options: LoadOptions = { ...defaultLoadOptions, ...given };
  if (!URL.canParse(options.url)) throw new LoadOptionError(`url: ${options.url} is not a URL`);
  const { protocol, hostname } = new URL(options.url);
  if (protocol !== 'http:') throw new LoadOptionError(`url: expected http, got ${protocol}`);
  if (!isLabAddress(hostname))
    throw new LoadOptionError(`url: ${hostname} is neither loopback nor an address of the lab`);
  checkRange('rate', options.rate, 0.1, 1_000);
  checkRange('post', options.post, 0, 1);
  checkRange('limit-ms', options.limitMs, 10, 60_000);
  checkRange('seconds', options.seconds, 0.1, 1_800);
  return options;
}
