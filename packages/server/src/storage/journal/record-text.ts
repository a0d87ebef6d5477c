import type { StoredCall } from '../stored-call.ts';
import type { Tell } from './journal.ts';

/** A caller may write megabytes for a model. Beyond this, texts and lists of a record are cut, so that it fits into a frame. */
const maxRecordUnits = 1024 * 1024;
const maxTextUnits = 1000;
const maxItems = 100;

/** A call as its record is written. */
export function recordText(call: StoredCall, tell: Tell): string {
  const json = JSON.stringify(call);
  if (json.length <= maxRecordUnits) return json;
  tell('error', 'A record was too long: its texts and lists are cut.', { requestId: call.requestId });
  return JSON.stringify(call, cut);
}

/** Of a list the end stays: the last attempt is the one that served. */
function cut(_name: string, value: unknown): unknown {
  if (typeof value === 'string' && value.length > maxTextUnits) return `${value.slice(0, maxTextUnits)}…`;
  return Array.isArray(value) ? value.slice(-maxItems) : value;
}
