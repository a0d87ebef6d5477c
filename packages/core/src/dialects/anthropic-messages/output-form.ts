import type { Conversation } from '../../conversation/conversation.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { isRecursive } from '../claude-schema.ts';
import { wantsThinking } from '../claude-thinking.ts';

/** The tool that stands in for structured output; it is only used where the caller has no tools of its own. */
export const outputTool = 'json';

/**
 * How an output form is brought about (O3, O4): by the API itself, by forcing a tool whose input is the answer, or by
 * asking for it. The decoder asks again, to unwrap what the encoder wrapped, so nothing but these two may decide.
 */
export function outputMeans(conversation: Conversation, facts: ModelFacts): 'none' | 'native' | 'tool' | 'instruction' {
  const { output, reasoning, tools } = conversation;
  if (!output || output.type === 'text') return 'none';
  if (output.type === 'json') return 'instruction';
  if (facts.structuredOutput === true && !isRecursive(output.schema)) return 'native';
  // A tool's input is always an object.
  const isObject = output.schema.type === 'object' || output.schema.properties !== undefined;
  const forcible = isObject && facts.forcedToolChoice === true && tools.length === 0 && !wantsThinking(reasoning);
  return forcible ? 'tool' : 'instruction';
}
