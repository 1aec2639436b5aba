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
  // What is too long as it is will not be shorter when it is escaped.
  const whole = text.length > limit ? undefined : escape(text);
  if (whole !== undefined && whole.length <= limit) return whole;
  let kept = '';
  // By handfuls of characters as long as they fit, then one by one.
  for (const handful of text.slice(0, limit).match(/.{1,64}/gsu) ?? []) {
    const escaped = escape(handful);
    const room = limit - 1 - kept.length;
    kept += escaped.length <= room ? escaped : takeWhole(Array.from(handful, escape), room);
    if (escaped.length > room) break;
  }
  return `${kept}…`;
}

/** The first pieces that fit into the room, none of them cut. */
function takeWhole(pieces: readonly string[], room: number): string {
  let size = 0;
  const end = pieces.findIndex((piece) => (size += piece.length) > room);
  return pieces.slice(0, end === -1 ? pieces.length : end).join('');
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
