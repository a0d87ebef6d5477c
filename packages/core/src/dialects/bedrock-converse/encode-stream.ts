import type { Frame } from '../../bytes/framing.ts';
import type { CandidateEnd, ReplyEvent } from '../../conversation/event.ts';
import type { Part } from '../../conversation/message.ts';
import { carrySeal } from '../../conversation/seal.ts';
import { serialise } from '../../conversation/serial.ts';
import { laterUsage, type Usage } from '../../conversation/usage.ts';
import { isObject, object, type JsonObject } from '../../json.ts';
import type { StreamEncoder } from '../dialect.ts';
import { ownCitation } from './encode-blocks.ts';
import { exceptionType } from './errors.ts';
import { blocksOf, endMembers } from './reply.ts';
import { dialect, encodeUsage, leftover, ownExtras } from './vocabulary.ts';

/** Reply events as ConverseStream's: blocks one after another, then why it ended, and last what it cost. */
export function encodeStream(): StreamEncoder {
  const serial = serialise();
  let started = false;
  let over = false;
  /** Index of the block that is open, or of the next one. */
  let index = 0;
  const types: Pick<Part, 'type'>[] = [];
  let usage: Usage | undefined;
  let last: CandidateEnd | undefined;

  const frame = (event: string, data: JsonObject): Frame => ({ event, data: JSON.stringify(data) });
  const delta = (content: JsonObject) => frame('contentBlockDelta', { contentBlockIndex: index, delta: content });

  function begin(): Frame[] {
    if (started) return [];
    started = true;
    return [frame('messageStart', { role: 'assistant' })];
  }

  function stop(type: Part['type']): Frame {
    types.push({ type });
    return frame('contentBlockStop', { contentBlockIndex: index++ });
  }

  function write(event: ReplyEvent): readonly Frame[] {
    switch (event.type) {
      case 'reply-start':
        usage = laterUsage(usage, event.usage);
        return begin();
      case 'text-start':
      case 'reasoning-start':
        return begin();
      case 'text-delta':
        return [delta({ text: event.text })];
      case 'citation':
        return ownCitation(event.citation).map((citation) => delta({ citation }));
      case 'text-end':
        return [stop('text')];
      case 'reasoning-delta':
        return [delta({ reasoningContent: { text: event.text } })];
      case 'reasoning-end': {
        const seal = event.seal && carrySeal(event.seal, dialect);
        const content = event.redacted ? { redactedContent: seal ?? '' } : { signature: seal ?? '' };
        return [...(seal === undefined ? [] : [delta({ reasoningContent: content })]), stop('reasoning')];
      }
      case 'tool-call-start': {
        const toolUse = { toolUseId: event.id, name: event.name };
        return [...begin(), frame('contentBlockStart', { contentBlockIndex: index, start: { toolUse } })];
      }
      case 'tool-call-delta':
        return event.text === '' ? [] : [delta({ toolUse: { input: event.text } })];
      case 'tool-call-end':
        return [stop('tool-call')];
      case 'part':
        return [...begin(), ...blocksOf(event.value).flatMap(writeWhole)];
      case 'usage':
        usage = laterUsage(usage, event.usage);
        return [];
      case 'candidate-end':
        last = event;
        return [];
      case 'reply-end':
        return finish();
      case 'failure':
        over = true;
        return [{ ...frame(exceptionType(event.failure), { message: event.failure.message }), exception: true }];
    }
  }

  /** Redacted reasoning has a delta of its own, media and native blocks begin with what they are. */
  function writeWhole(block: JsonObject): readonly Frame[] {
    if (typeof block.text === 'string') return [delta({ text: block.text }), stop('text')];
    const reasoning = object(block.reasoningContent);
    if (reasoning) {
      const { reasoningText, ...rest } = reasoning;
      const told = object(reasoningText) ?? rest;
      return [
        ...Object.entries(told).map(([name, value]) => delta({ reasoningContent: { [name]: value } })),
        stop('reasoning'),
      ];
    }
    const [name = 'text', value] = Object.entries(block)[0] ?? [];
    const { source, ...start } = isObject(value) ? value : {};
    return [
      frame('contentBlockStart', { contentBlockIndex: index, start: { [name]: start } }),
      ...(source === undefined ? [] : [delta({ [name]: { source } })]),
      stop(name === 'image' ? 'media' : 'native'),
    ];
  }

  function finish(): readonly Frame[] {
    over = true;
    const own = leftover(ownExtras(last?.extras), ['additionalModelResponseFields']);
    return [
      ...begin(),
      frame('messageStop', endMembers(last?.finish ?? { reason: 'stop' }, last?.extras, types)),
      frame('metadata', { usage: encodeUsage(usage), metrics: { latencyMs: 0 }, ...own }),
    ];
  }

  return { push: (event) => (over ? [] : serial(event).flatMap(write)) };
}
