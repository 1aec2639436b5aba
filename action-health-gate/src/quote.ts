const longestQuote = 200;

/** Foreign text for a message: one line, printable, at most 200 characters. */
export function quoteText(text: string): string {
  // Cut before the work: a body may have a megabyte.
  const line = text
    .slice(0, longestQuote * 10)
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  return line.length > longestQuote ? `${line.slice(0, longestQuote).replace(/[\uD800-\uDBFF]$/, '')}…` : line;
}
