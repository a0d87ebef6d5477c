import type { AssistantMessage, Message, ToolCallPart, ToolMessage, ToolResult } from '../../conversation/message.ts';
import type { Report } from '../../conversation/notice.ts';

/**
 * Puts every call's result right after its turn, in call order (T1–T5), whatever lay in between. A result without a call
 * becomes text; a call without a result gets one that says so: upstreams refuse the whole conversation otherwise (T10).
 */
export function pairResults(messages: readonly Message[], report: Report): readonly Message[] {
  if (!messages.some((message) => message.role === 'tool' || callsOf(message).length > 0)) return messages;
  const { answers, orphans } = matchResults(messages);
  const out: Message[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      out.push(...message.results.filter((result) => orphans.has(result)).map((result) => asText(result, report)));
      continue;
    }
    out.push(message);
    if (message.role !== 'assistant') continue;
    const calls = callsOf(message);
    if (calls.length > 0) out.push(answer(message, calls, answers, report));
  }
  return out;
}

function matchResults(messages: readonly Message[]) {
  const answers = new Map<ToolCallPart, ToolResult>();
  const orphans = new Set<ToolResult>();
  /** Calls so far, latest turn first: an id that is used again means the later call. */
  const calls: ToolCallPart[] = [];
  for (const message of messages) {
    if (message.role === 'assistant') calls.unshift(...callsOf(message));
    if (message.role !== 'tool') continue;
    for (const result of message.results) {
      const call =
        result.callId === ''
          ? calls.find((open) => !answers.has(open) && (result.name === undefined || open.name === result.name))
          : calls.find((open) => open.id === result.callId);
      // Answered twice: the last answer is the one the model should see (T10).
      if (call) answers.set(call, result);
      else orphans.add(result);
    }
  }
  return { answers, orphans };
}

function answer(
  turn: AssistantMessage,
  calls: readonly ToolCallPart[],
  answers: ReadonlyMap<ToolCallPart, ToolResult>,
  report: Report,
): ToolMessage {
  const results = calls.map((call): ToolResult => {
    const given = answers.get(call);
    if (given) return { ...given, callId: call.id, name: call.name, kind: call.kind };
    report({
      type: 'defaulted',
      field: call.at ?? turn.at ?? 'messages',
      detail: `The call "${call.id}" of "${call.name}" has no result: it was answered with a note that it was interrupted.`,
    });
    return {
      callId: call.id,
      name: call.name,
      kind: call.kind,
      content: [{ type: 'text', text: 'No result: the call was interrupted.' }],
      failed: true,
    };
  });
  return { role: 'tool', results };
}

function asText(result: ToolResult, report: Report): Message {
  report({
    type: 'approximated',
    field: result.at ?? 'messages',
    detail: `A tool result for "${result.callId || result.name || 'nothing'}" answers no call: it was sent as text of the user.`,
  });
  const head = `Result of ${result.name ? `the tool "${result.name}"` : 'a tool'}:`;
  return { role: 'user', parts: [{ type: 'text', text: head }, ...result.content] };
}

function callsOf(message: Message): readonly ToolCallPart[] {
  if (message.role !== 'assistant') return [];
  return message.parts.filter((part) => part.type === 'tool-call');
}

/** Leaves out empty text and the turns that are empty without it: every vendor but OpenAI refuses them (T12). */
export function dropEmpty(messages: readonly Message[]): readonly Message[] {
  const out: Message[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      if (message.results.length > 0) out.push(message);
      continue;
    }
    const parts = message.parts.filter((part) => part.type !== 'text' || part.text !== '' || part.seal !== undefined);
    if (parts.length === 0) continue;
    out.push(parts.length === message.parts.length ? message : { ...message, parts });
  }
  return out;
}
