import { HarnessError } from './error.ts';
import { parseExpression, type Expression } from './expression-parser.ts';

/** What an expression can evaluate to: JSON. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };

/** The status functions of the scope an expression is evaluated in. */
export interface Status {
  readonly success: boolean;
  readonly failure: boolean;
  readonly cancelled: boolean;
}

/** What an expression may read. A context that is not here is an error, never an empty value. */
export interface Scope {
  readonly contexts: Readonly<Record<string, Value>>;
  readonly status: Status;
}

function isObject(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** GitHub's truth: false, 0, NaN, '' and null are false, everything else is true. */
export function isTruthy(value: Value): boolean {
  return Boolean(value);
}

/** GitHub's string form of a value. */
export function toText(value: Value): string {
  if (value === null) return '';
  if (Array.isArray(value)) return 'Array';
  return typeof value === 'object' ? 'Object' : String(value);
}

function toNumber(value: Value): number {
  if (value === null) return 0;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return value.trim() === '' ? 0 : Number(value);
  return Number.NaN;
}

function isEqual(left: Value, right: Value): boolean {
  if (typeof left === 'string' && typeof right === 'string') return left.toUpperCase() === right.toUpperCase();
  if (typeof left === 'object' && typeof right === 'object' && left !== null && right !== null) return left === right;
  if (typeof left === typeof right && left !== null && right !== null) return left === right;
  return left === null && right === null ? true : toNumber(left) === toNumber(right);
}

/** Strict where GitHub is lenient: an input or a step that does not exist is a mistake in the file. */
const strictContexts: readonly string[] = ['inputs', 'steps', 'needs'];

function lookUp(target: Value, key: string, path: string): Value {
  if (Array.isArray(target)) return (target as readonly Value[])[Number(key)] ?? null;
  if (!isObject(target)) return null;
  const name = Object.keys(target).find((candidate) => candidate.toLowerCase() === key.toLowerCase());
  if (name === undefined && strictContexts.includes(path))
    throw new HarnessError(`expression: ${path}.${key} does not exist`);
  return name === undefined ? null : (target[name] ?? null);
}

function contains(search: Value, item: Value): boolean {
  if (Array.isArray(search)) return (search as readonly Value[]).some((element) => isEqual(element, item));
  return toText(search).toLowerCase().includes(toText(item).toLowerCase());
}

function formatText(args: readonly Value[]): string {
  const [template, ...values] = args;
  return toText(template ?? '').replace(/\{\{|\}\}|\{(\d+)\}/g, (match, index: string | undefined) => {
    if (index === undefined) return match.charAt(0);
    const value = values[Number(index)];
    if (value === undefined) throw new HarnessError(`expression: format has no argument {${index}}`);
    return toText(value);
  });
}

const functions: Readonly<Record<string, (args: readonly Value[], scope: Scope) => Value>> = {
  always: () => true,
  success: (_, scope) => scope.status.success,
  failure: (_, scope) => scope.status.failure,
  cancelled: (_, scope) => scope.status.cancelled,
  contains: ([search = null, item = null]) => contains(search, item),
  startswith: ([text = null, start = null]) => toText(text).toLowerCase().startsWith(toText(start).toLowerCase()),
  endswith: ([text = null, end = null]) => toText(text).toLowerCase().endsWith(toText(end).toLowerCase()),
  format: formatText,
  join: ([list = null, separator = ',']) =>
    Array.isArray(list) ? (list as readonly Value[]).map(toText).join(toText(separator)) : toText(list),
  tojson: ([value = null]) => JSON.stringify(value, null, 2),
  fromjson: ([text = null]) => JSON.parse(toText(text)) as Value,
};

function comparison(operator: string, left: Value, right: Value): boolean {
  const [a, b] =
    typeof left === 'string' && typeof right === 'string'
      ? [left.toUpperCase(), right.toUpperCase()]
      : [toNumber(left), toNumber(right)];
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    default:
      throw new HarnessError(`expression: unknown operator ${operator}`);
  }
}

function applyBinary(operator: string, left: Expression, right: Expression, scope: Scope): Value {
  const first = evaluateNode(left, scope);
  if (operator === '&&') return isTruthy(first) ? evaluateNode(right, scope) : first;
  if (operator === '||') return isTruthy(first) ? first : evaluateNode(right, scope);
  const second = evaluateNode(right, scope);
  if (operator === '==') return isEqual(first, second);
  if (operator === '!=') return !isEqual(first, second);
  return comparison(operator, first, second);
}

function pathOf(node: Expression): string {
  return node.kind === 'context' ? node.name.toLowerCase() : '';
}

function evaluateNode(node: Expression, scope: Scope): Value {
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'context': {
      const value = scope.contexts[node.name.toLowerCase()];
      if (value === undefined) throw new HarnessError(`expression: the context ${node.name} is not available here`);
      return value;
    }
    case 'index':
      return lookUp(evaluateNode(node.target, scope), toText(evaluateNode(node.key, scope)), pathOf(node.target));
    case 'not':
      return !isTruthy(evaluateNode(node.operand, scope));
    case 'binary':
      return applyBinary(node.operator, node.left, node.right, scope);
    case 'call': {
      const call = functions[node.name.toLowerCase()];
      if (call === undefined)
        throw new HarnessError(`expression: the function ${node.name}() is outside the supported subset`);
      return call(
        node.args.map((argument) => evaluateNode(argument, scope)),
        scope,
      );
    }
  }
}

/** Evaluates what stands between `${{` and `}}`. Throws HarnessError on syntax or names outside the subset. */
export function evaluateExpression(source: string, scope: Scope): Value {
  return evaluateNode(parseExpression(source), scope);
}

function findClose(text: string, from: number): number {
  let isQuoted = false;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "'") isQuoted = !isQuoted;
    else if (!isQuoted && text.startsWith('}}', at)) return at;
  }
  throw new HarnessError(`expression: no }} after: ${text.slice(from)}`);
}

/** Replaces every `${{ … }}` of a text; a text that is one expression alone keeps the expression's type. */
export function interpolateValue(text: string, scope: Scope): Value {
  const parts: Value[] = [];
  let at = 0;
  for (let open = text.indexOf('${{'); open >= 0; open = text.indexOf('${{', at)) {
    const close = findClose(text, open + 3);
    if (open > at) parts.push(text.slice(at, open));
    parts.push(evaluateExpression(text.slice(open + 3, close), scope));
    at = close + 2;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts.length === 1 ? (parts[0] ?? '') : parts.map(toText).join('');
}

/** As interpolateValue, as a string. */
export function interpolate(text: string, scope: Scope): string {
  return toText(interpolateValue(text, scope));
}

function callsStatusFunction(node: Expression): boolean {
  switch (node.kind) {
    case 'literal':
    case 'context':
      return false;
    case 'index':
      return callsStatusFunction(node.target) || callsStatusFunction(node.key);
    case 'not':
      return callsStatusFunction(node.operand);
    case 'binary':
      return callsStatusFunction(node.left) || callsStatusFunction(node.right);
    case 'call':
      return /^(always|success|failure|cancelled)$/i.test(node.name) || node.args.some(callsStatusFunction);
  }
}

/** Decides an `if:`; without a status function it means `success() && (…)`, as on GitHub. */
export function isConditionMet(condition: string | undefined, scope: Scope): boolean {
  if (condition === undefined || condition.trim() === '') return scope.status.success;
  const trimmed = condition.trim();
  const source = trimmed.startsWith('${{') && trimmed.endsWith('}}') ? trimmed.slice(3, -2) : trimmed;
  const expression = parseExpression(source);
  if (!callsStatusFunction(expression) && !scope.status.success) return false;
  return isTruthy(evaluateNode(expression, scope));
}
