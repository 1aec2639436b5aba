/** What a server does not stand; decided by what it calls itself in its first line. */
export interface ServerLimits {
  /**
   * Sessions that may be open on one connection at once, where it is less than the pool's own limit. Dropbear before
   * 2024.86 closes a session that has no command yet whenever another one's command ends; the command then runs unseen,
   * and its first output ends the connection ("Failed assertion … !channel->sent_close"; fixed by its commit 71521d1b).
   */
  readonly mostSessions: number | undefined;
}

/** RFC 4253 §4.2; lines before it are allowed, and end in CR LF or LF. */
const identification = /^SSH-2\.0-([^ \r\n]*)/m;

/** The software that the first bytes of a server name; undefined as long as the line is not whole. */
export function readServerSoftware(firstBytes: string): string | undefined {
  const whole = firstBytes.slice(0, firstBytes.lastIndexOf('\n') + 1);
  return identification.exec(whole)?.[1];
}

/** @param software as `dropbear_2022.83`; undefined where it is not known */
export function limitsOf(software: string | undefined): ServerLimits {
  const dropbear = /^dropbear(?:_(\d{4})\.(\d+))?/.exec(software ?? '');
  if (dropbear === null) return { mostSessions: undefined };
  const [, year = '0', release = '0'] = dropbear;
  const isMended = Number(year) > 2024 || (Number(year) === 2024 && Number(release) >= 86);
  return { mostSessions: isMended ? undefined : 1 };
}
