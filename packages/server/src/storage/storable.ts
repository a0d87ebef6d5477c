/** What PostgreSQL refuses, so that both databases keep the same: its texts hold no zero, its JSON neither that nor half a pair. */

/** A parameter of a statement. */
export function storable(parameter: unknown): unknown {
  return typeof parameter === 'string' && parameter.includes('\0') ? withoutZeros(parameter) : parameter;
}

/** JSON of ours that the database is to read: JSON.stringify escapes zeros and half pairs, and nothing else like it. */
export function storableJson(json: string): string {
  return json.includes('\\u') && unreadable.test(json) ? JSON.stringify(cleaned(JSON.parse(json))) : json;
}

const unreadable = /\\u(?:0000|d[89a-f])/;

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return withoutZeros(value.toWellFormed());
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [cleaned(name), cleaned(member)]));
}

export function withoutZeros(text: string): string {
  return text.replaceAll('\0', '\ufffd');
}

export function nanosOf(usd: number): number {
  return whole(usd * 1e9, Number.MAX_SAFE_INTEGER);
}

/** What upstreams report may be anything: one number that the database refuses would hold up the whole journal. */
function whole(value: number, most: number): number {
  return value > 0 ? Math.min(Math.round(value), most) : 0;
}

/** No call uses as many tokens, nor costs as much: of such, a database can add up a hundred thousand. */
const mostOfACall = 2 ** 46;

export function callTokens(count: number): number {
  return whole(count, mostOfACall);
}

export function callNanos(usd: number): number {
  return whole(usd * 1e9, mostOfACall);
}

/** A caller chose the name, and PostgreSQL's indexes take no long ones. */
export function plain(text: string | undefined): string | null {
  if (text === undefined) return null;
  const cut = text.length > maxNameUnits ? text.slice(0, maxNameUnits) : text;
  return unclean.test(cut) ? withoutZeros(cut).toWellFormed() : cut;
}

const maxNameUnits = 300;
const unclean = /[\0\ud800-\udfff]/;
