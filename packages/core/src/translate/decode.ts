import { liftFiles } from '../bytes/lift.ts';
import { topLevel } from '../bytes/splice.ts';
import { Failure } from '../conversation/failure.ts';
import type { Notice } from '../conversation/notice.ts';
import type { Dialect, Glance, Knock, TopLevel } from '../dialects/dialect.ts';
import { isObject, parseJson, type JsonObject } from '../json.ts';
import type { Decoded, Inbound } from './translation.ts';

/** The request at this door, glanced at. @throws Failure `bad-request` when model or streaming cannot be told. */
export function inboundOf(dialect: Dialect, knock: Knock, body: Uint8Array): Inbound {
  const top = topLevel(body);
  const glance = glanceAt(dialect, knock, { get: (name) => orBadRequest(() => top.get(name)) });
  let decoded: Decoded | undefined;
  return { dialect, knock, glance, body, top, decoded: () => (decoded ??= decode(dialect, knock, glance, body)) };
}

/** A relayed operation may do without a model: '' then. */
function glanceAt(dialect: Dialect, knock: Knock, body: TopLevel): Glance {
  const rule = knock.door.relay?.model;
  const unnamed = rule === 'none' || (rule === 'optional' && (body.get('model') ?? null) === null);
  return unnamed ? { model: '', streaming: false } : named(dialect.glance(knock, body));
}

/** As much as a form may name. */
const maxModelLength = 4096;

/** Names are remembered in many places, and written into every record. @throws Failure `bad-request` when one is no name. */
export function named(glance: Glance): Glance {
  const { length } = glance.model;
  if (length <= maxModelLength) return glance;
  const message = `The name of the model has ${length} characters: it may have ${maxModelLength}.`;
  throw new Failure('bad-request', message, { field: 'model' });
}

function decode(dialect: Dialect, knock: Knock, glance: Glance, body: Uint8Array): Decoded {
  const counting = knock.door.operation === 'count-tokens' ? dialect.counting : undefined;
  // Whoever counts looks into the pictures.
  const lifted = counting ? undefined : orBadRequest(() => liftFiles(body));
  const wire = lifted ? parseText(lifted.text) : parseBody(body);
  const notices: Notice[] = [];
  const context = { glance, headers: knock.headers, report: (notice: Notice) => void notices.push(notice) };
  const { decodeRequest } = counting ?? dialect;
  return { wire, conversation: decodeRequest(wire, context), notices, ...(lifted && { lifted }) };
}

/** @throws Failure `bad-request` when the body is not a JSON object in UTF-8. */
export function parseBody(body: Uint8Array): JsonObject {
  return parseText(orBadRequest(() => strict.decode(body)));
}

const strict = new TextDecoder('utf-8', { fatal: true });

function parseText(text: string): JsonObject {
  const value = orBadRequest(() => parseJson(text));
  if (!isObject(value)) throw new Failure('bad-request', 'The request body must be a JSON object.');
  return value;
}

function orBadRequest<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('bad-request', `The request body is not valid JSON: ${why}`, { cause });
  }
}
