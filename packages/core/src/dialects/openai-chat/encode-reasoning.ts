import { efforts, type Conversation, type Effort, type Reasoning } from '../../conversation/conversation.ts';
import type { EncodeRequestContext } from '../dialect.ts';
import { effortOfBudget } from './vocabulary.ts';
import type { ChatRequest } from './wire.ts';

/** How much to think, in the spelling the model is known to take (a5, B3); a model of which nothing is known decides itself. */
export function encodeReasoningControls(
  { reasoning, streaming }: Pick<Conversation, 'reasoning' | 'streaming'>,
  hasTools: boolean,
  context: EncodeRequestContext,
): Controls {
  const { facts, report } = context;
  if (facts.thinksOnlyStreamed === true && !streaming) return thoughtless(reasoning, context);
  if (hasTools && facts.effortBesideTools) return effortBesideTools(reasoning, context);
  if (!reasoning) return {};
  if (reasoning.summaryDetail === 'concise' || reasoning.summaryDetail === 'detailed')
    report({ type: 'dropped', field: 'reasoning.summaryDetail', detail: 'Chat Completions cannot ask for summaries.' });
  const effort = wantedEffort(reasoning);
  if (effort === undefined && reasoning.mode === undefined) return {};
  const off = reasoning.mode === 'disabled' || effort === 'none';
  if (facts.thinkingSwitch === 'reasoning') return reasoningObject(off, effort, reasoning.budgetTokens);
  const switched = encodeSwitch(off, reasoning, context);
  if (facts.reasoningEffort !== true) {
    if (!facts.thinkingSwitch && (effort !== undefined || off))
      report({ type: 'dropped', field: 'reasoning', detail: 'The target is not known to take a reasoning effort.' });
    return switched;
  }
  // A model that has the switch is turned off by it; its effort says only how much.
  if (effort === undefined || (off && facts.thinkingSwitch)) return switched;
  return { ...switched, reasoning_effort: nearestEffort(effort, context) };
}

type Controls = Pick<
  ChatRequest,
  'reasoning_effort' | 'thinking' | 'enable_thinking' | 'thinking_budget' | 'chat_template_kwargs' | 'reasoning'
>;

/** Open Qwen models think unless told otherwise, and then refuse every call that is not streamed. */
function thoughtless(reasoning: Reasoning | undefined, { facts, report }: EncodeRequestContext): Controls {
  if (facts.thinkingSwitch !== 'enable_thinking' || facts.alwaysThinks === true) return {};
  const wanted = reasoning && (wantedEffort(reasoning) ?? reasoning.mode);
  if (wanted !== undefined && wanted !== 'none' && wanted !== 'disabled')
    report({ type: 'dropped', field: 'reasoning', detail: 'The target thinks only in calls that are streamed.' });
  return { enable_thinking: false };
}

/** OpenRouter knows every word of every vendor and chooses the nearest by itself; a budget and an effort exclude each other. */
function reasoningObject(off: boolean, effort: Effort | undefined, budgetTokens: number | undefined): Controls {
  if (off) return { reasoning: { enabled: false } };
  if (budgetTokens !== undefined && budgetTokens > 0) return { reasoning: { max_tokens: budgetTokens } };
  return { reasoning: effort === undefined ? { enabled: true } : { effort } };
}

/** OpenAI refuses an effort beside function tools since gpt-5.4, and since gpt-5.6 even a silent default (openai-openapi#541). */
function effortBesideTools(
  reasoning: Reasoning | undefined,
  { facts, report }: EncodeRequestContext,
): Pick<ChatRequest, 'reasoning_effort'> {
  const effort = reasoning && wantedEffort(reasoning);
  if (effort !== undefined && effort !== 'none')
    report({
      type: 'dropped',
      field: 'reasoning.effort',
      detail: 'In Chat Completions this model does not reason beside tools; its Responses API does.',
    });
  return facts.effortBesideTools === 'none' ? { reasoning_effort: 'none' } : {};
}

function wantedEffort({ mode, effort, budgetTokens }: Reasoning): Effort | undefined {
  if (effort !== undefined) return effort;
  if (mode === 'disabled') return 'none';
  return budgetTokens === undefined || budgetTokens < 0 ? undefined : effortOfBudget(budgetTokens);
}

function encodeSwitch(off: boolean, { budgetTokens }: Reasoning, { facts, report }: EncodeRequestContext): Controls {
  if (!facts.thinkingSwitch) return {};
  if (off && facts.alwaysThinks === true) {
    report({ type: 'approximated', field: 'reasoning', detail: 'The model always thinks.' });
    return {};
  }
  if (facts.thinkingSwitch === 'thinking') return { thinking: { type: off ? 'disabled' : 'enabled' } };
  if (facts.thinkingSwitch === 'chat_template_kwargs') return { chat_template_kwargs: { enable_thinking: !off } };
  const budget = !off && budgetTokens !== undefined && budgetTokens > 0 ? { thinking_budget: budgetTokens } : {};
  return { enable_thinking: !off, ...budget };
}

/** Efforts that every model with reasoning_effort takes. */
const commonEfforts: readonly Effort[] = ['low', 'medium', 'high'];

/** The effort itself; else, as table a5 has it, the next stronger one for a weak wish and the next weaker one for a strong. */
function nearestEffort(wanted: Effort, { facts, report }: EncodeRequestContext): Effort {
  const known = facts.efforts ?? commonEfforts;
  if (known.includes(wanted)) return wanted;
  const rank = efforts.indexOf(wanted);
  const stronger = known.find((effort) => efforts.indexOf(effort) > rank);
  const weaker = known.findLast((effort) => efforts.indexOf(effort) < rank);
  const nearest = (rank < efforts.indexOf('high') ? (stronger ?? weaker) : (weaker ?? stronger)) ?? 'low';
  report({
    type: 'approximated',
    field: 'reasoning.effort',
    detail: `The model has no effort "${wanted}"; "${nearest}" is sent.`,
  });
  return nearest;
}
