import { spliceMembers, topLevel } from '../bytes/splice.ts';
import type { Notice } from '../conversation/notice.ts';
import type { Envelope } from '../dialects/binding.ts';
import type { HeaderMap, TopLevel } from '../dialects/dialect.ts';
import { list, lookUp, text, type Json, type JsonObject } from '../json.ts';

interface Wrapped<Body> {
  readonly body: Body;
  readonly headers: HeaderMap;
  readonly notices: readonly Notice[];
}

/** A request's bytes in a place's envelope: what it does not name stays as it is, byte for byte. */
export function wrapBytes(envelope: Envelope | undefined, body: Uint8Array, headers: HeaderMap): Wrapped<Uint8Array> {
  if (!envelope) return { body, headers, notices: [] };
  const change = changeOf(envelope, topLevel(body), headers);
  const set = Object.fromEntries(Object.entries(change.set).map(([name, value]) => [name, JSON.stringify(value)]));
  return { ...change, body: spliceMembers(body, { set, remove: change.omit }) };
}

/** The same for a body that is an object still. */
export function wrapObject(envelope: Envelope | undefined, body: JsonObject, headers: HeaderMap): Wrapped<JsonObject> {
  if (!envelope) return { body, headers, notices: [] };
  const change = changeOf(envelope, { get: (name) => (Object.hasOwn(body, name) ? body[name] : undefined) }, headers);
  const kept = Object.entries(body).filter(([name]) => !change.omit.includes(name));
  return { ...change, body: { ...change.set, ...Object.fromEntries(kept), ...change.set } };
}

interface Change {
  readonly set: JsonObject;
  readonly omit: readonly string[];
  readonly headers: HeaderMap;
  readonly notices: readonly Notice[];
}

function changeOf(envelope: Envelope, body: TopLevel, asked: HeaderMap): Change {
  const set: Record<string, Json> = { ...envelope.set };
  const omit = [...(envelope.omit ?? [])];
  const notices: Notice[] = [];
  const headers: Record<string, string> = { ...asked };
  for (const name of envelope.omitHeaders ?? []) delete headers[name];

  for (const [name, { member, allows, governs, renamed }] of Object.entries(envelope.headerMembers ?? {})) {
    const own = member === undefined ? [] : list(body.get(member));
    delete headers[name];
    const named = [...own, ...wordsOf(asked[name])].map((word) => lookUp(renamed ?? {}, text(word)) ?? word);
    const words = [...new Set(named)];
    if (words.length === 0) continue;
    const refused = words.filter((word) => typeof word === 'string' && allows?.(word) === false);
    for (const word of refused) {
      notices.push({ type: 'dropped', field: `${name}: ${String(word)}`, detail: 'This place does not take it.' });
      for (const governed of governs?.(String(word)) ?? []) {
        if (body.get(governed) === undefined) continue;
        omit.push(governed);
        notices.push({
          type: 'dropped',
          field: governed,
          detail: `It needs ${String(word)}, which is not taken here.`,
        });
      }
    }
    const kept = words.filter((word) => !refused.includes(word));
    if (member === undefined) {
      if (kept.length > 0) headers[name] = kept.join(',');
    } else if (kept.length > 0) set[member] = kept;
    else omit.push(member);
  }
  return { set, omit, headers, notices };
}

function wordsOf(header: string | undefined): readonly string[] {
  return (header ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
