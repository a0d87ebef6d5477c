import type { Message, SystemMessage } from '../../conversation/message.ts';
import type { JsonObject } from '../../json.ts';
import { encodeParts, encodeResult, type BlockWriter } from './encode-blocks.ts';
import type { WireBlock, WireMessage } from './wire.ts';

interface Turns {
  readonly system: WireBlock[];
  readonly turns: WireMessage[];
  /** The last user turn answers calls. */
  readonly answers: boolean;
}

/**
 * Messages as turns that alternate, beginning and ending with the user (T3, T11). Instructions amid the turns speak from
 * within the user's (S1): moved to the front they would change the prefix that is cached.
 */
export function encodeTurns(messages: readonly Message[], writer: BlockWriter): Turns {
  const system: WireBlock[] = [];
  const turns: WireMessage[] = [];
  let answers = false;

  function add(role: 'user' | 'assistant', content: WireBlock[]): void {
    if (content.length === 0) return;
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else turns.push({ role, content });
  }

  for (const message of messages) {
    switch (message.role) {
      case 'system':
        if (message.placement === 'top' || turns.length === 0)
          system.push(...encodeParts(message.parts, 'system', writer));
        else add('user', remind(message, writer));
        break;
      case 'tool':
        add(
          'user',
          message.results.flatMap((result) => encodeResult(result, writer)),
        );
        answers = true;
        break;
      case 'user':
        if (message.name !== undefined)
          writer.report({
            type: 'dropped',
            field: `${message.at ?? 'messages'}.name`,
            detail: 'Bedrock has no participant names.',
          });
        add('user', encodeParts(message.parts, 'user', writer));
        break;
      case 'assistant':
        add('assistant', encodeParts(message.parts, 'assistant', writer));
        answers = false;
    }
  }
  return {
    system,
    turns: framed(turns, writer).map((turn) => ({ ...turn, content: worded(turn.content, writer) })),
    answers,
  };
}

function remind(message: SystemMessage, writer: BlockWriter): WireBlock[] {
  writer.report({
    type: 'approximated',
    field: message.at ?? 'messages',
    detail: 'Bedrock takes instructions in front only; these stand in a turn of the user.',
  });
  return encodeParts(message.parts, 'system', writer).map((block) =>
    'text' in block ? { text: `<system-reminder>\n${String(block.text)}\n</system-reminder>` } : block,
  );
}

/** A request begins with the user, and ends with the user unless the model takes a prefill (T15). */
function framed(turns: readonly WireMessage[], { facts, report }: BlockWriter): readonly WireMessage[] {
  const out = [...turns];
  const added = (detail: string) => report({ type: 'approximated', field: 'messages', detail });
  if (out[0]?.role !== 'user') {
    out.unshift({ role: 'user', content: [{ text: 'Begin.' }] });
    added('Bedrock’s conversations begin with the user; a user turn was put first.');
  }
  const last = out.at(-1);
  if (last?.role !== 'assistant') return out;
  if (facts.prefill === true) {
    out[out.length - 1] = { ...last, content: trimmedEnd(last.content) };
    return out;
  }
  added('This model does not go on with a turn of its own; it was asked to.');
  return [...out, { role: 'user', content: [{ text: 'Go on exactly where you stopped.' }] }];
}

/** A prefill that ends in white space is refused. */
function trimmedEnd(blocks: WireBlock[]): WireBlock[] {
  const last = blocks.at(-1);
  return last && 'text' in last ? [...blocks.slice(0, -1), { text: String(last.text).trimEnd() }] : blocks;
}

/** A document must stand beside a text. */
function worded(blocks: WireBlock[], { report }: BlockWriter): WireBlock[] {
  const has = (name: string) => blocks.some((block) => (block as JsonObject)[name] !== undefined); // every block is JSON
  if (!has('document') || has('text')) return blocks;
  report({
    type: 'defaulted',
    field: 'messages',
    detail: 'Bedrock wants words beside a document; some were put there.',
  });
  return [...blocks, { text: 'The document is attached.' }];
}
