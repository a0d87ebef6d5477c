import type { Frame } from '../../bytes/framing.ts';
import { list, number, object, text as textOf, tryParseJson, type Json, type JsonObject } from '../../json.ts';
import { concludingGap, type StreamFollower } from '../dialect.ts';
import { encodeDeltaUsage } from './vocabulary.ts';

/** One message, its blocks one after another: what is open is a block. */
export function followStream(): StreamFollower {
  let begun = false;
  const open = new Set<number>();
  /** Index of the next block. */
  let next = 0;
  let spoke = false;
  let called = false;
  /** Why it ended has been told (A8: that is the end, even where no message_stop comes). */
  let finished = false;
  let stopped = false;

  function note(event: JsonObject): void {
    const index = number(event.index) ?? next;
    switch (event.type) {
      case 'message_start':
        begun = true;
        next = list(object(event.message)?.content).length;
        return;
      case 'content_block_start': {
        const block = object(event.content_block);
        open.add(index);
        next = Math.max(next, index + 1);
        called ||= block?.type === 'tool_use';
        spoke ||= block?.type === 'text' && Boolean(textOf(block.text));
        return;
      }
      case 'content_block_delta':
        spoke ||= Boolean(textOf(object(event.delta)?.text));
        return;
      case 'content_block_stop':
        open.delete(index);
        return;
      case 'message_delta':
        finished ||= textOf(object(event.delta)?.stop_reason) !== undefined;
        return;
      case 'message_stop':
        stopped = true;
    }
  }

  return {
    get running() {
      return begun && !finished && !stopped;
    },

    follow({ data }) {
      note(object(tryParseJson(data)) ?? {});
      return true;
    },

    conclude(text, { usage }) {
      if (!begun) return undefined;
      if (stopped) return [];
      const stop = frame({ type: 'message_stop' });
      if (finished) return [stop];
      const index = next;
      const told = spoke ? concludingGap + text : text;
      return [
        ...[...open].map((each) => frame({ type: 'content_block_stop', index: each })),
        frame({ type: 'content_block_start', index, content_block: { type: 'text', text: '', citations: null } }),
        frame({ type: 'content_block_delta', index, delta: { type: 'text_delta', text: told } }),
        frame({ type: 'content_block_stop', index }),
        frame({
          type: 'message_delta',
          delta: {
            stop_reason: called ? 'max_tokens' : 'end_turn',
            stop_sequence: null,
            stop_details: null,
            container: null,
          },
          usage: encodeDeltaUsage(usage),
        }),
        stop,
      ];
    },
  };
}

function frame(event: { readonly type: string; readonly [key: string]: Json }): Frame {
  return { event: event.type, data: JSON.stringify(event) };
}
