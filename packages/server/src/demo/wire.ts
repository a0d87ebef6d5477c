import { pieces, type DemoReply } from './model.ts';
import type { DemoRequest } from './request.ts';

// The demo upstream's replies as OpenAI Chat Completions. One fixed time: the same request gives the same bytes.
const created = 1_767_225_600;

export function wholeReply(request: DemoRequest, reply: DemoReply): object {
  const message = {
    role: 'assistant',
    content: reply.calls.length > 0 ? null : reply.content.join(''),
    refusal: null,
    ...(reply.reasoning.length > 0 && { reasoning_content: reply.reasoning.join('') }),
    ...(reply.calls.length > 0 && { tool_calls: reply.calls.map((call) => wireCall(call)) }),
  };
  const choices = Array.from({ length: request.choices }, (_, index) => ({
    index,
    message,
    logprobs: null,
    finish_reason: reply.finish,
  }));
  return {
    id: reply.id,
    object: 'chat.completion',
    created,
    model: request.model,
    choices,
    usage: usageOf(request, reply),
  };
}

/** The same reply, as SSE frames of about a word each. */
export function frames(request: DemoRequest, reply: DemoReply): readonly string[] {
  const out: string[] = [];
  const emit = (choices: readonly object[], usage?: object) => {
    const chunk = { id: reply.id, object: 'chat.completion.chunk', created, model: request.model, choices };
    out.push(`data: ${JSON.stringify(usage ? { ...chunk, usage } : chunk)}\n\n`);
  };
  for (let index = 0; index < request.choices; index += 1) {
    const say = (delta: object, finish: string | null = null) =>
      emit([{ index, delta, logprobs: null, finish_reason: finish }]);
    say({ role: 'assistant', content: reply.calls.length > 0 ? null : '' });
    for (const piece of reply.reasoning) say({ reasoning_content: piece });
    for (const piece of reply.content) say({ content: piece });
    reply.calls.forEach((call, at) => {
      say({ tool_calls: [{ index: at, ...wireCall({ ...call, input: '' }) }] });
      for (const piece of pieces(call.input))
        say({
          tool_calls: [
            { index: at, ...(call.custom ? { custom: { input: piece } } : { function: { arguments: piece } }) },
          ],
        });
    });
    say({}, reply.finish);
  }
  if (request.includeUsage) emit([], usageOf(request, reply));
  out.push('data: [DONE]\n\n');
  return out;
}

function wireCall({ id, name, custom, input }: DemoReply['calls'][number]): object {
  return custom
    ? { id, type: 'custom', custom: { name, input } }
    : { id, type: 'function', function: { name, arguments: input } };
}

function usageOf(request: DemoRequest, reply: DemoReply): object {
  const completionTokens = reply.completionTokens * request.choices;
  return {
    prompt_tokens: request.promptTokens,
    completion_tokens: completionTokens,
    total_tokens: request.promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reply.reasoning.length * request.choices, audio_tokens: 0 },
  };
}
