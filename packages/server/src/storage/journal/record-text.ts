import type { StoredCall } from '../stored-call.ts';

/** A caller may write megabytes for a model. Beyond this, texts and lists of a record are cut, so that it fits into a frame. */
const maxRecordUnits = 1024 * 1024;
const maxTextUnits = 1000;
const maxItems = 100;

export interface RecordText {
  readonly json: string;
  readonly cut: boolean;
}

/** A call as its record is written. */
export function recordText(call: StoredCall): RecordText {
  const json = JSON.stringify(call);
  return json.length > maxRecordUnits ? { json: JSON.stringify(call, cut), cut: true } : { json, cut: false };
}

/** Of a list the end stays: the last attempt is the one that served. */
function cut(_name: string, value: unknown): unknown {
  if (typeof value === 'string' && value.length > maxTextUnits) return `${value.slice(0, maxTextUnits)}…`;
  return Array.isArray(value) ? value.slice(-maxItems) : value;
}
