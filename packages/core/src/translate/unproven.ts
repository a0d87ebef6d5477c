import type { Conversation } from '../conversation/conversation.ts';
import type { Message, Part } from '../conversation/message.ts';
import type { Reply } from '../conversation/reply.ts';
import { isUnproven, unproven } from '../conversation/seal.ts';
import type { ReplyEvent } from '../conversation/event.ts';
import type { Dialect, StreamEncoder } from '../dialects/dialect.ts';
import type { Inbound } from './translation.ts';

/**
 * What another vendor's model thought, and called where calls are signed, comes without a proof that the caller's own
 * vendor would take. It is written with an empty envelope, so that a caller who later asks its own vendor can be told
 * from one who never left it: see `translate`. On the way in the empty envelope is nothing again.
 */
export function provenAtHome(inbound: Inbound, home: boolean): Inbound {
  return {
    ...inbound,
    dialect: home ? inbound.dialect : markingDialect(inbound.dialect),
    decoded: () => {
      const decoded = inbound.decoded();
      return { ...decoded, conversation: withoutEmptySeals(decoded.conversation) };
    },
  };
}

const markingDialects = new WeakMap<Dialect, Dialect>();

function markingDialect(dialect: Dialect): Dialect {
  let marking = markingDialects.get(dialect);
  if (!marking) {
    marking = {
      ...dialect,
      encodeReply: (reply, context) => dialect.encodeReply(marked(reply, dialect.sealsCalls === true), context),
      encodeStream: (context) => markingEncoder(dialect.encodeStream(context), dialect.sealsCalls === true),
    };
    markingDialects.set(dialect, marking);
  }
  return marking;
}

function marked(reply: Reply, sealsCalls: boolean): Reply {
  return {
    ...reply,
    candidates: reply.candidates.map((candidate) => {
      let called = !sealsCalls;
      const parts = candidate.parts.map((part): Part => {
        if (part.type === 'reasoning' && !part.seal) return { ...part, seal: unproven };
        if (part.type !== 'tool-call' || called) return part;
        called = true;
        return part.seal ? part : { ...part, seal: unproven };
      });
      return { ...candidate, parts };
    }),
  };
}

function markingEncoder(encoder: StreamEncoder, sealsCalls: boolean): StreamEncoder {
  /** Candidates whose first call has been seen. */
  const called = new Set<number>();

  function mark(event: ReplyEvent): ReplyEvent {
    if (event.type === 'reasoning-end') return event.seal ? event : { ...event, seal: unproven };
    if (event.type !== 'tool-call-start' || !sealsCalls || called.has(event.candidate ?? 0)) return event;
    called.add(event.candidate ?? 0);
    return event.seal ? event : { ...event, seal: unproven };
  }

  // Deltas are not marked.
  const repeated = encoder.repeated?.bind(encoder);
  return { push: (event) => encoder.push(mark(event)), ...(repeated && { repeated }) };
}

function withoutEmptySeals(conversation: Conversation): Conversation {
  const messages = conversation.messages.map((message): Message => {
    if (message.role !== 'assistant' || !message.parts.some(hasEmptySeal)) return message;
    return { ...message, parts: message.parts.map((part) => (hasEmptySeal(part) ? withoutSeal(part) : part)) };
  });
  return { ...conversation, messages };
}

function hasEmptySeal(part: Part): boolean {
  return 'seal' in part && part.seal !== undefined && isUnproven(part.seal);
}

function withoutSeal(part: Part): Part {
  const { seal: _, ...rest } = part as Part & { readonly seal?: unknown }; // hasEmptySeal found one
  return rest as Part; // every part's seal is optional
}
