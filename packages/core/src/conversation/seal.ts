import { isObject, tryParseJson } from '../json.ts';
import type { Part, Seal } from './message.ts';

/**
 * Seals outlive a foreign dialect: one that is not of the dialect it must travel in is wrapped into an envelope that fits
 * any signature field (plain base64), names its issuer, and is unwrapped on the way back. No server memory takes part.
 */

/** Base64 of `{"@proxy":1,`: twelve bytes, so that every envelope begins with the same sixteen characters. */
const mark = 'eyJAcHJveHkiOjEs';

/** Where this stands in a request, a reply of another dialect has been replayed. */
export const envelopeMark = mark;

/** In place of the proof that a reply from abroad lacks. Nobody issued it, so it goes back to nobody. */
export const unproven: Seal = { issuer: '', value: '' };

export function isUnproven(seal: Seal): boolean {
  return seal.issuer === '' && seal.value === '';
}

/** What a seal was attached to, where the foreign dialect has no place for it on the thing itself. */
export type Attachment = (typeof attachments)[number];

const attachments = ['call', 'text', 'text-ahead', 'redacted'] as const;

export interface Envelope {
  readonly seal: Seal;
  /** Absent: an ordinary reasoning seal. call: belongs to the next tool call. text: to the text before, text-ahead: to the one that follows. */
  readonly attachment?: Attachment;
}

/** The text to put in a signature field of a dialect called `carrier`: the seal itself at home, an envelope abroad. */
export function carrySeal(seal: Seal, carrier: string, attachment?: Attachment): string {
  if (seal.issuer === carrier && attachment === undefined) return seal.value;
  const fields = { '@proxy': 1, issuer: seal.issuer, value: seal.value, ...(attachment && { attachment }) };
  return base64OfText(JSON.stringify(fields));
}

/** Reads a signature field of a dialect called `carrier`. Anything that is not our envelope is the carrier's own seal. */
export function readSeal(field: string, carrier: string): Envelope {
  if (!field.startsWith(mark)) return { seal: { issuer: carrier, value: field } };
  const fields = tryParseJson(textOfBase64(field) ?? '');
  if (!isObject(fields) || typeof fields.issuer !== 'string' || typeof fields.value !== 'string')
    return { seal: { issuer: carrier, value: field } };
  const seal = { issuer: fields.issuer, value: fields.value };
  const attachment = attachments.find((known) => known === fields.attachment);
  return { seal, ...(attachment && { attachment }) };
}

/**
 * A carrier is a reasoning part that exists only to bring a seal through: it is taken out and its seal put on the tool
 * call or text that follows, or on the text before. `carried` tells what each reasoning part's field said.
 */
export function attachSeals(parts: readonly Part[], carried: ReadonlyMap<Part, Attachment>): readonly Part[] {
  if (carried.size === 0) return parts;
  const out: Part[] = [];
  let waiting: Seal | undefined;
  let waitingForText: Seal | undefined;
  for (const part of parts) {
    const attachment = carried.get(part);
    if (part.type === 'reasoning' && part.seal && attachment === 'call') {
      waiting = part.seal;
    } else if (part.type === 'reasoning' && part.seal && attachment === 'text-ahead') {
      waitingForText = part.seal;
    } else if (part.type === 'reasoning' && part.seal && attachment === 'text') {
      const at = out.findLastIndex((earlier) => earlier.type === 'text');
      const earlier = out[at];
      if (earlier?.type === 'text') out[at] = { ...earlier, seal: part.seal };
      else out.push({ type: 'text', text: '', seal: part.seal });
    } else if (part.type === 'tool-call' && waiting) {
      out.push({ ...part, seal: waiting });
      waiting = undefined;
    } else if (part.type === 'text' && waitingForText) {
      out.push({ ...part, seal: waitingForText });
      waitingForText = undefined;
    } else {
      out.push(part);
    }
  }
  return out;
}

function base64OfText(source: string): string {
  let binary = '';
  for (const byte of new TextEncoder().encode(source)) binary += String.fromCharCode(byte);
  return btoa(binary);
}

function textOfBase64(source: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(atob(source), (c) => c.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
