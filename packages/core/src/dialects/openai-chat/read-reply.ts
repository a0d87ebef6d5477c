import type { ReplyEvent } from '../../conversation/event.ts';
import { Failure } from '../../conversation/failure.ts';
import { laterUsage, type Usage } from '../../conversation/usage.ts';
import { isObject, list, number, object, text, type Json, type JsonObject } from '../../json.ts';
import type { DecodeReplyContext } from '../dialect.ts';
import { decodeError } from './errors.ts';
import { failureOfFinish } from './finish.ts';
import { ChoiceReader } from './read-choice.ts';
import { findUsage } from './usage.ts';
import { name as dialect } from './vocabulary.ts';

/** Reads chunks, of which a whole reply is the only one. */
interface ReplyReader {
  take(body: JsonObject, whole: boolean): readonly ReplyEvent[];
  /** Ends the reply: a failure when a streamed choice never said why it ended (X3). A whole one is over even so. */
  close(whole: boolean): readonly ReplyEvent[];
  fail(failure: Failure): readonly ReplyEvent[];
}

export function replyReader(context: DecodeReplyContext): ReplyReader {
  const choices = new Map<number, ChoiceReader>();
  let started = false;
  let usage: Usage | undefined;
  /** What came before the first chunk with an id or a choice: Azure's prompt filter (U6). */
  let early: Record<string, Json> = {};

  function take(body: JsonObject, whole: boolean): readonly ReplyEvent[] {
    const failure = failureIn(body);
    if (failure) return fail(failure);
    usage = laterUsage(usage, findUsage(body, context.facts));
    const entries = list(body.choices);
    const events: ReplyEvent[] = started ? [] : [...start(body, entries.length > 0)];
    for (let at = 0; at < entries.length; at++) {
      const choice = entries[at];
      if (!isObject(choice)) continue;
      const broken = failureOfFinish(choice);
      if (broken) return [...events, ...fail(broken)];
      events.push(...choiceAt(number(choice.index) ?? at).take(choice, whole));
    }
    return events;
  }

  function choiceAt(index: number): ChoiceReader {
    let choice = choices.get(index);
    if (!choice) choices.set(index, (choice = new ChoiceReader(index, context)));
    return choice;
  }

  function start(body: JsonObject, hasChoices: boolean): readonly ReplyEvent[] {
    for (const key in body) {
      const value = body[key];
      if (!replyMembers.has(key) && value !== undefined && value !== null) early[key] = value;
    }
    const id = text(body.id) ?? '';
    if (!hasChoices && id === '') return [];
    started = true;
    const created = number(body.created);
    const extras = Object.keys(early).length > 0 ? { [dialect]: early } : undefined;
    return [
      {
        type: 'reply-start',
        id,
        model: text(body.model) ?? '',
        ...(created !== undefined && { created }),
        ...(extras && { extras }),
      },
    ];
  }

  function close(whole: boolean): readonly ReplyEvent[] {
    const open = [...choices].sort(([a], [b]) => a - b).map(([, choice]) => choice);
    if (open.length === 0) return fail(new Failure('bad-upstream', 'The upstream’s reply holds no choices.'));
    if (!whole && open.some((choice) => !choice.finished))
      return fail(new Failure('bad-upstream', 'The upstream’s stream broke off: it gave no finish_reason.'));
    const events: ReplyEvent[] = open.flatMap((choice) => choice.close());
    return [...events, ...usageEvent(), { type: 'reply-end' }];
  }

  function fail(failure: Failure): readonly ReplyEvent[] {
    // What was used until then has been billed.
    return [...usageEvent(), { type: 'failure', failure }];
  }

  function usageEvent(): readonly ReplyEvent[] {
    return usage ? [{ type: 'usage', usage }] : [];
  }

  return { take, close, fail };
}

const replyMembers = new Set('id object created model choices usage obfuscation x_groq error base_resp'.split(' '));

/** An error in place of a reply: OpenAI's envelope (E5), MiniMax's base_resp, or a bare `{code, message}`. */
export function failureIn(body: JsonObject): Failure | undefined {
  const isError = body.error !== undefined && body.error !== null && body.error !== false;
  if (isError) return decodeError(0, body, {});
  const status = number(object(body.base_resp)?.status_code);
  if (status !== undefined && status !== 0)
    return new Failure('bad-upstream', text(object(body.base_resp)?.status_msg) ?? `The upstream answered ${status}.`, {
      told: true,
      code: String(status),
    });
  const bare = body.choices === undefined && body.usage === undefined && typeof body.message === 'string';
  return bare && (body.code !== undefined || body.type === 'error') ? decodeError(0, body, {}) : undefined;
}
