/**
 * Foreign text as one line of plain text: no control characters, no marks that reverse the direction of what follows, no
 * halves of surrogate pairs.
 */
export function cleanLine(text: string): string {
  return text
    .replaceAll(/\p{Surrogate}/gu, '\uFFFD')
    .replaceAll(/[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, '')
    .replaceAll(/[\p{Cc}\u2028\u2029\s]+/gu, ' ')
    .trim();
}

/**
 * Escapes a text and cuts it so that the result has at most `limit` UTF-16 units; an escape sequence or a character is
 * never cut in two. Where something was left out it ends in `…`.
 */
export function fit(text: string, limit: number, escape: (text: string) => string = (plain) => plain): string {
  const whole = escape(text);
  if (whole.length <= limit) return whole;
  let kept = '';
  for (const character of text) {
    const piece = escape(character);
    if (kept.length + piece.length > limit - 1) break;
    kept += piece;
  }
  return `${kept}…`;
}

/** Joins lines up to `limit`; lines that do not fit are counted at the end. Each line is shorter than the limit. */
export function fitLines(lines: readonly string[], limit: number): string {
  const whole = lines.join('\n');
  if (whole.length <= limit) return whole;
  const note = (left: number): string => `\n… and ${left} more`;
  const room = limit - note(lines.length).length;
  let count = 0;
  for (let size = 0; count < lines.length; count++) {
    size += (lines[count]?.length ?? 0) + 1;
    if (size > room) break;
  }
  return `${lines.slice(0, count).join('\n')}${note(lines.length - count)}`.trim();
}
