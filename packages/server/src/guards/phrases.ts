import { Failure, pause, type Incoming, type Json, type JsonObject, type Policy } from '@proxy/core';
import { LRUCache } from 'lru-cache';
import type { GuardSet } from '../config/guards.ts';
import { bodyOf } from './body.ts';
import { identityOf } from './refusals.ts';

/** After so long without another, offences are forgotten. */
const offencesMs = 10 * 60_000;
const maxOffenders = 10_000;
const maxDelayMs = 60_000;
/** Text has spaces, or letters beyond ASCII (Chinese has no spaces); what is longer and has neither is a file. */
const maxWordLength = 4096;

/** Prompts that hold one of these phrases are refused, the slower the more often (row C23). */
export function phrases({ deny, message = ownMessage, delaySeconds = 1 }: NonNullable<GuardSet['phrases']>): Policy {
  const wanted = deny.map(folded);
  const offences = new LRUCache<string, number>({ max: maxOffenders, ttl: offencesMs });
  return {
    name: 'phrases',
    async inspect(visit, inbound) {
      if (!holdsAny(inbound, wanted)) return;
      const who = identityOf(visit);
      const before = offences.get(who) ?? 0;
      offences.set(who, before + 1);
      await pause(Math.min(delaySeconds * 1000 * 2 ** before, maxDelayMs), visit.request.signal);
      throw new Failure('bad-request', message, { code: 'rejected_phrase' });
    },
  };
}

const ownMessage = 'The prompt holds a phrase that is not let through here.';

function holdsAny(inbound: Incoming, wanted: readonly string[]): boolean {
  const body = bodyOf(inbound);
  if (!body) return false;
  // A model's name is no part of the prompt.
  const { model: _model, ...prompt } = body;
  return textsIn(prompt).some((text) => wanted.some((phrase) => folded(text).includes(phrase)));
}

function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

/** Every text of the request, wherever its dialect puts it, and however deep. */
function textsIn(prompt: JsonObject): readonly string[] {
  const texts: string[] = [];
  const left: Json[] = [prompt];
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (typeof value === 'string') {
      if (!isFile(value)) texts.push(value);
    } else if (typeof value === 'object' && value !== null)
      for (const member of Object.values(value)) left.push(member as Json); // the members of JSON are JSON
  }
  return texts;
}

function isFile(text: string): boolean {
  return text.length > maxWordLength && /^[!-~]*$/.test(text);
}
