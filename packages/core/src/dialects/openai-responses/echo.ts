import { isObject, object, type Json, type JsonObject } from '../../json.ts';

/** The members of a response that repeat what the client asked for, in the client's own values (R10). */
export function echo(request: JsonObject | undefined): JsonObject {
  const asked = request ?? {};
  const or = (name: string, fallback: Json): Json => asked[name] ?? fallback;
  const form = object(asked.text) ?? {};
  const reasoning = object(asked.reasoning) ?? {};
  return {
    instructions: or('instructions', null),
    max_output_tokens: or('max_output_tokens', null),
    max_tool_calls: or('max_tool_calls', null),
    metadata: or('metadata', {}),
    parallel_tool_calls: or('parallel_tool_calls', true),
    previous_response_id: null,
    prompt_cache_key: or('prompt_cache_key', null),
    reasoning: { effort: null, summary: null, ...reasoning },
    safety_identifier: or('safety_identifier', null),
    service_tier: or('service_tier', null),
    store: false,
    temperature: or('temperature', null),
    text: { ...form, format: isObject(form.format) ? form.format : { type: 'text' } },
    tool_choice: or('tool_choice', 'auto'),
    tools: or('tools', []),
    top_logprobs: or('top_logprobs', null),
    top_p: or('top_p', null),
    truncation: or('truncation', 'disabled'),
    user: or('user', null),
    access_programs: null,
    background: false,
  };
}
