/**
 * What ntfy takes when something is published as JSON. ntfy has no published schema or types; this is written from its documentation
 * ("Publish as JSON", "Action buttons", "Limitations" of docs.ntfy.sh/publish, read in 2026-09) and its server's code.
 */
const fields: Readonly<Record<string, (value: unknown) => boolean>> = {
  topic: (value) => isText(value) && /^[-_A-Za-z0-9]{1,64}$/.test(value),
  // 4,096 bytes; what is longer becomes an attachment, what is empty becomes "triggered".
  message: (value) => isText(value) && value !== '' && Buffer.byteLength(value) <= 4096,
  title: isText,
  priority: (value) => [1, 2, 3, 4, 5].includes(Number(value)) && typeof value === 'number',
  click: isAddress,
  actions: (value) => Array.isArray(value) && value.length <= 3 && value.every(isViewAction),
  // Since 2.16: the message that this one replaces.
  sequence_id: (value) => isText(value) && /^[-_A-Za-z0-9]{1,64}$/.test(value),
};

/** The fields that ntfy would not take as they are, or not know. */
export function readNtfy(message: object): readonly string[] {
  const entries = Object.entries(message);
  const unfit = entries.filter(([name, value]) => !(Object.hasOwn(fields, name) && fields[name]?.(value) === true));
  const missing = 'topic' in message ? [] : ['topic'];
  return [...unfit.map(([name]) => name), ...missing];
}

/** Of the kinds of buttons the one that we use. */
function isViewAction(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { action, label, url, ...rest } = value as Readonly<Record<string, unknown>>;
  return action === 'view' && isText(label) && label !== '' && isAddress(url) && Object.keys(rest).length === 0;
}

function isAddress(value: unknown): boolean {
  return isText(value) && URL.canParse(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
