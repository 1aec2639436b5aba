import http from 'node:http';
import type { Runner } from '@deploy-actions/kit/action/runner';

/**
 * Sends all requests of this step through the proxy that the runner's environment names: HTTPS_PROXY, HTTP_PROXY and
 * NO_PROXY, the lower-case spelling first, as curl has it. Node does the rest, from 24.14 on. What cannot be used is told,
 * without its value (it may hold a password), and the requests go out directly.
 */
export function useRunnerProxy(runner: Runner): void {
  const read = (name: string): string | undefined => runner.env(name.toLowerCase()) ?? runner.env(name);
  const [https, plain, except] = [read('HTTPS_PROXY'), read('HTTP_PROXY'), read('NO_PROXY')];
  if (https === undefined && plain === undefined) return;
  // Older runners bring a Node without it, whatever the types say.
  const { setGlobalProxyFromEnv } = http as Partial<typeof http>;
  if (setGlobalProxyFromEnv === undefined) {
    runner.notice('A proxy is set, but the Node of this runner cannot use it: messages are sent directly.');
    return;
  }
  try {
    setGlobalProxyFromEnv({
      ...(https === undefined ? {} : { https_proxy: https }),
      ...(plain === undefined ? {} : { http_proxy: plain }),
      ...(except === undefined ? {} : { no_proxy: except }),
    });
  } catch {
    runner.warning('HTTPS_PROXY or HTTP_PROXY is not the URL of a proxy: messages are sent directly.');
  }
}
