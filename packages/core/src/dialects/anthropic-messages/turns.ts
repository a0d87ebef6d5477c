import type { AssistantMessage, Message, SystemMessage, ToolMessage, UserMessage } from '../../conversation/message.ts';
import type { JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { contentOf, encodeParts, encodeResult, type BlockWriter } from './encode-blocks.ts';
import { ownExtras } from './own-extras.ts';
import type { WireBlock } from './wire.ts';

interface Turns {
  /** What stands in the member `system`. */
  readonly system: WireBlock[];
  readonly turns: Turn[];
}

export interface Turn {
  readonly role: 'user' | 'assistant' | 'system';
  content: WireBlock[];
  extras: JsonObject;
  /** Holds tool results: the user's words that follow belong into the same turn (T1, T4). */
  readonly answers?: boolean;
}

/**
 * Messages as turns of this wire. Among the turns, a system turn stands only after a user turn (or after an assistant
 * turn that ends in a server tool), before an assistant turn or last, and never beside another (S2): so system turns
 * wait for the next such place, and for models without them all are hoisted. Turns of one role are one turn (T11): the API
 * would join them just so, and others that speak its language refuse them.
 */
export function encodeTurns(messages: readonly Message[], facts: ModelFacts, writer: BlockWriter): Turns {
  const system: WireBlock[] = [];
  const turns: Turn[] = [];
  /** System turns that wait for the end of the user's. */
  let waiting: SystemMessage[] = [];

  function addSystem(message: SystemMessage): void {
    if (message.placement === 'inline' && facts.systemTurns === true && turns.length > 0) waiting.push(message);
    else {
      if (message.placement === 'inline' && turns.length > 0)
        report(message, 'This model has no system turns among the messages; it went into "system".');
      system.push(...encodeParts(message.parts, 'system', writer));
    }
  }

  function addAnswers(message: ToolMessage): void {
    if (waiting.length > 0) report(waiting[0], 'Tool results must follow their calls, so it went behind them.');
    const blocks = message.results.map((result) => encodeResult(result, writer));
    const last = turns.at(-1);
    if (last?.answers) extend(last, blocks, message);
    else turns.push({ role: 'user', content: blocks, extras: ownExtras(message.extras), answers: true });
  }

  function addUser(message: UserMessage): void {
    if (message.name !== undefined)
      writer.report({
        type: 'dropped',
        field: `${message.at ?? 'messages'}.name`,
        detail: 'Messages has no participant names.',
      });
    if (waiting.length > 0) report(waiting[0], 'System turns follow the user’s, so it went behind the next one.');
    const blocks = encodeParts(message.parts, 'user', writer);
    if (blocks.length === 0) return;
    const last = turns.at(-1);
    if (last?.role === 'user') extend(last, blocks, message);
    else turns.push({ role: 'user', content: blocks, extras: ownExtras(message.extras) });
  }

  function addAssistant(message: AssistantMessage): void {
    const blocks = encodeParts(message.parts, 'assistant', writer);
    if (blocks.length === 0) return;
    placeWaiting();
    const last = turns.at(-1);
    if (last?.role === 'assistant') extend(last, blocks, message);
    else turns.push({ role: 'assistant', content: blocks, extras: ownExtras(message.extras) });
  }

  function placeWaiting(): void {
    if (waiting.length === 0) return;
    const content = waiting.flatMap((message) => encodeParts(message.parts, 'system', writer));
    const extras = Object.assign({}, ...waiting.map((message) => ownExtras(message.extras))) as JsonObject; // of objects
    const legal = mayPrecedeSystem(turns.at(-1));
    if (!legal) report(waiting[0], 'No system turn may stand after the assistant’s; it was written as a user turn.');
    waiting = [];
    if (content.length === 0 && Object.keys(extras).length === 0) return;
    turns.push(legal ? { role: 'system', content, extras } : { role: 'user', content, extras: {} });
  }

  function report(message: SystemMessage | undefined, detail: string): void {
    writer.report({ type: 'approximated', field: message?.at ?? 'messages', detail });
  }

  for (const message of messages) {
    if (message.role === 'system') addSystem(message);
    else if (message.role === 'tool') addAnswers(message);
    else if (message.role === 'user') addUser(message);
    else addAssistant(message);
  }
  placeWaiting();
  return { system, turns };
}

export function wireOf(turn: Turn): JsonObject {
  return { ...turn.extras, role: turn.role, content: contentOf(turn.content) };
}

function extend(turn: Turn, blocks: readonly WireBlock[], message: Message): void {
  turn.content = [...turn.content, ...blocks];
  turn.extras = { ...turn.extras, ...ownExtras(message.extras) };
}

function mayPrecedeSystem(turn: Turn | undefined): boolean {
  return turn?.role === 'user' || (turn?.role === 'assistant' && endsInServerTool(turn));
}

/** A paused turn: the vendor's own tool was the last to speak, and the model goes on from there. */
export function endsInServerTool(turn: Turn): boolean {
  const type = turn.content.at(-1)?.type;
  return typeof type === 'string' && !['text', 'thinking', 'redacted_thinking', 'tool_use'].includes(type);
}
