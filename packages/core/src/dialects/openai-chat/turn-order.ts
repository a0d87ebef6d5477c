import { isObject, list, text, type Json } from '../../json.ts';
import type { EncodeRequestContext } from '../dialect.ts';
import type { ChatMessage } from './wire.ts';

/**
 * Whether a strict server refuses these turns as they stand. The rules are Mistral's own (mistral-common,
 * protocol/instruct/validator.py): who may follow whom, as many results as calls, and who may speak last.
 */
export function isOutOfOrder(messages: Json | undefined): boolean {
  const turns = list(messages).filter(isObject);
  let owed = 0;
  for (const [index, turn] of turns.entries()) {
    const role = text(turn.role) ?? '';
    const before = text(turns[index - 1]?.role);
    if (before !== undefined && followers[before]?.includes(role) === false) return true;
    if (role === 'tool') owed -= 1;
    if (role === 'assistant') {
      const calls = list(turn.tool_calls).length;
      if (owed !== 0 || (calls === 0 && isEmpty(turn.content))) return true;
      owed = calls;
    }
  }
  const last = turns.at(-1);
  return owed !== 0 || (last?.role === 'assistant' && last.prefix !== true);
}

/** Other roles are nobody's here, and judged by who reads them. */
const followers: Readonly<Record<string, readonly string[]>> = {
  system: ['system', 'user', 'assistant'],
  user: ['system', 'user', 'assistant'],
  assistant: ['user', 'assistant', 'tool'],
  tool: ['assistant', 'tool'],
};

function isEmpty(content: Json | undefined): boolean {
  return typeof content === 'string' ? content === '' : list(content).length === 0;
}

/** The turns as a strict server wants them, whose results are paired and whose system turns are settled already. */
export function inOrder(turns: readonly ChatMessage[], { facts }: EncodeRequestContext): readonly ChatMessage[] {
  const bridged = facts.assistantAfterTools === true ? bridgeTools(turns) : turns;
  return facts.strictTurns === true ? callLastPrefix(bridged) : bridged;
}

/** The assistant must have spoken before the user speaks again. */
function bridgeTools(turns: readonly ChatMessage[]): readonly ChatMessage[] {
  return turns.flatMap((turn, index): readonly ChatMessage[] =>
    turn.role === 'user' && turns[index - 1]?.role === 'tool'
      ? [{ role: 'assistant', content: 'Noted.' }, turn]
      : [turn],
  );
}

/** What the assistant is to go on from. */
function callLastPrefix(turns: readonly ChatMessage[]): readonly ChatMessage[] {
  const last = turns.at(-1);
  return last?.role === 'assistant' ? [...turns.slice(0, -1), { ...last, prefix: true }] : turns;
}
