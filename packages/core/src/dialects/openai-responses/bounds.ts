import { isArray, isObject, type Json } from '../../json.ts';
import type { Bounds, RequestBounds } from '../dialect.ts';
import { atLeastOne, unboundedRounds } from '../request-bounds.ts';

export const bounds: Bounds = {
  media: ['"input_image"', '"input_file"', '"input_audio"', '"computer_screenshot"'],
  of(body): RequestBounds {
    const maxOutputTokens = atLeastOne(body.get('max_output_tokens'));
    const kept = ['previous_response_id', 'conversation', 'prompt'].some((name) => (body.get(name) ?? null) !== null);
    return {
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      ...(kept && { elsewhere: true }),
      ...(hasVendorTool(body.get('tools')) && { rounds: atLeastOne(body.get('max_tool_calls')) ?? unboundedRounds }),
    };
  },
};

/** Those are run by the caller; all others by OpenAI, which goes on by itself. */
const callersTools = new Set(['function', 'custom', 'namespace', 'local_shell', 'apply_patch', 'computer']);

function hasVendorTool(tools: Json | undefined): boolean {
  return isArray(tools) && tools.some((tool) => isObject(tool) && !callersTools.has(String(tool.type)));
}
