import { HarnessError } from './error.ts';

/** The tree of a GitHub expression, in the subset that deploy workflows use (no `*` filters). */
export type Expression =
  | { readonly kind: 'literal'; readonly value: null | boolean | number | string }
  | { readonly kind: 'context'; readonly name: string }
  | { readonly kind: 'index'; readonly target: Expression; readonly key: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression };

interface Token {
  readonly kind: 'string' | 'number' | 'word' | 'sign';
  readonly text: string;
}

const tokenPattern =
  /\s*(?:'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)(?![\w])|([A-Za-z_][\w-]*)|(&&|\|\||==|!=|<=|>=|[<>!().,[\]]))/y;

function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  const text = source.trim();
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const from = tokenPattern.lastIndex;
    const match = tokenPattern.exec(text);
    if (match === null) throw new HarnessError(`expression: cannot read ${text.slice(from)} in ${text}`);
    const [, quoted, number, word, sign] = match;
    if (quoted !== undefined) tokens.push({ kind: 'string', text: quoted.replaceAll("''", "'") });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else tokens.push({ kind: 'sign', text: sign ?? '' });
  }
  return tokens;
}

/** Loosest first. */
const precedence: readonly (readonly string[])[] = [['||'], ['&&'], ['==', '!='], ['<', '<=', '>', '>=']];

class Parser {
  private at = 0;
  private readonly tokens: readonly Token[];
  private readonly source: string;

  constructor(source: string) {
    this.source = source;
    this.tokens = tokenize(source);
  }

  parse(): Expression {
    const expression = this.binary(0);
    if (this.at < this.tokens.length) this.fail();
    return expression;
  }

  private fail(): never {
    const token = this.tokens[this.at];
    throw new HarnessError(
      `expression: unexpected ${token === undefined ? 'end' : `'${token.text}'`} in: ${this.source.trim()}`,
    );
  }

  private takeSign(...texts: readonly string[]): string | undefined {
    const token = this.tokens[this.at];
    if (token?.kind !== 'sign' || !texts.includes(token.text)) return undefined;
    this.at++;
    return token.text;
  }

  private expectSign(text: string): void {
    if (this.takeSign(text) === undefined) this.fail();
  }

  private binary(level: number): Expression {
    const operators = precedence[level];
    if (operators === undefined) return this.unary();
    let left = this.binary(level + 1);
    for (let operator = this.takeSign(...operators); operator !== undefined; operator = this.takeSign(...operators))
      left = { kind: 'binary', operator, left, right: this.binary(level + 1) };
    return left;
  }

  private unary(): Expression {
    return this.takeSign('!') === undefined ? this.postfix(this.primary()) : { kind: 'not', operand: this.unary() };
  }

  private primary(): Expression {
    if (this.takeSign('(') !== undefined) {
      const inner = this.binary(0);
      this.expectSign(')');
      return inner;
    }
    const token = this.tokens[this.at];
    if (token === undefined || token.kind === 'sign') return this.fail();
    this.at++;
    if (token.kind === 'string') return { kind: 'literal', value: token.text };
    if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) };
    return this.word(token.text);
  }

  private word(text: string): Expression {
    if (this.takeSign('(') !== undefined) return { kind: 'call', name: text, args: this.arguments() };
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
    return text === 'null' ? { kind: 'literal', value: null } : { kind: 'context', name: text };
  }

  private arguments(): readonly Expression[] {
    const args: Expression[] = [];
    if (this.takeSign(')') !== undefined) return args;
    do args.push(this.binary(0));
    while (this.takeSign(',') !== undefined);
    this.expectSign(')');
    return args;
  }

  private postfix(target: Expression): Expression {
    if (this.takeSign('.') !== undefined) {
      const token = this.tokens[this.at];
      if (token?.kind !== 'word') return this.fail();
      this.at++;
      return this.postfix({ kind: 'index', target, key: { kind: 'literal', value: token.text } });
    }
    if (this.takeSign('[') === undefined) return target;
    const key = this.binary(0);
    this.expectSign(']');
    return this.postfix({ kind: 'index', target, key });
  }
}

/** Throws HarnessError on anything outside the subset. */
export function parseExpression(source: string): Expression {
  return new Parser(source).parse();
}
