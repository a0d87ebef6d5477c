import type { Conversation } from '../../conversation/conversation.ts';
import type { Report } from '../../conversation/notice.ts';
import type { JsonObject } from '../../json.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { effortOfBudget, nearestEffort, planThinking, thinksOnRequest } from '../claude-thinking.ts';
import type { WireMessage, WireToolConfig } from './wire.ts';

/** How a request asks for thinking, and what that does to the rest of it. */
export interface ReasoningPlan {
  /** Additional fields for the model. */
  readonly fields: JsonObject;
  /** Claude’s effort, which is a member of Converse’s own. */
  readonly effort?: string;
  /** Where thinking needs room of a certain size. */
  readonly maxTokens?: number;
  /** The model thinks, so that its sampling is not to be touched. */
  readonly thinks: boolean;
}

interface Turns {
  readonly turns: readonly WireMessage[];
  readonly answers: boolean;
}

/** Table a5: each family at Bedrock has a field of its own for thinking, and most have none. */
export function planReasoning(
  conversation: Conversation,
  tools: WireToolConfig | undefined,
  turns: Turns,
  facts: ModelFacts,
  report: Report,
): ReasoningPlan {
  if (facts.converseReasoning === 'thinking') return planClaude(conversation, tools, turns, facts, report);
  const { reasoning } = conversation;
  if (!reasoning) return { fields: {}, thinks: false };
  const { budgetTokens } = reasoning;
  const off = reasoning.mode === 'disabled' || reasoning.effort === 'none' || budgetTokens === 0;
  const asked = reasoning.effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens));
  const effort = off || asked === undefined ? undefined : nearestEffort(asked, facts.efforts ?? []);
  if (effort !== undefined && effort !== asked)
    report({ type: 'approximated', field: 'reasoning.effort', detail: `${asked} became ${effort}.` });
  switch (facts.converseReasoning) {
    case 'reasoning_effort':
      if (off) report({ type: 'dropped', field: 'reasoning.mode', detail: 'This model always thinks.' });
      return { fields: effort === undefined ? {} : { reasoning_effort: effort }, thinks: false };
    case 'reasoningConfig':
      if (off) return { fields: { reasoningConfig: { type: 'disabled' } }, thinks: false };
      return {
        fields: { reasoningConfig: { type: 'enabled', maxReasoningEffort: effort ?? 'medium' } },
        thinks: false,
      };
    default:
      if (!off) report({ type: 'dropped', field: 'reasoning', detail: 'How this model is made to think is unknown.' });
      return { fields: {}, thinks: false };
  }
}

function planClaude(
  conversation: Conversation,
  tools: WireToolConfig | undefined,
  turns: Turns,
  facts: ModelFacts,
  report: Report,
): ReasoningPlan {
  const choice = tools?.toolChoice;
  const forced = choice !== undefined && !('auto' in choice);
  // C4: old models refuse a forced choice while they think. The choice is a contract, thinking a wish.
  const calmed =
    forced &&
    facts.forcedToolChoiceWhileThinking !== true &&
    facts.thinking?.includes('disabled') === true &&
    thinksOnRequest(conversation);
  if (calmed)
    report({ type: 'dropped', field: 'reasoning', detail: 'This model cannot think and be forced to call a tool.' });
  const asked = calmed ? { ...conversation, reasoning: { mode: 'disabled' as const } } : conversation;
  const plan = planThinking(asked, facts, (notice) => {
    // Converse needs no limit, so that none is assumed unless a budget must fit below it.
    if (notice.type !== 'defaulted') report(notice);
  });
  const { thinking, effort } = plan;
  if (thinking?.type === 'enabled' && lostThinking(turns)) {
    report({
      type: 'dropped',
      field: 'reasoning',
      detail: 'The turn that called the tools came without its thinking, so that this one cannot think.',
    });
    return { fields: {}, thinks: false, ...(effort && { effort }) };
  }
  const limited = conversation.maxOutputTokens !== undefined || thinking?.type === 'enabled';
  return {
    fields: thinking ? { thinking } : {},
    thinks: thinking?.type === 'enabled' || thinking?.type === 'adaptive',
    ...(effort && { effort }),
    ...(limited && { maxTokens: plan.maxTokens }),
  };
}

/** Z1: within a budget, a turn that called tools and now gets their results must begin with its thinking. */
function lostThinking({ turns, answers }: Turns): boolean {
  const caller = turns.findLast(({ role }) => role === 'assistant');
  const [first] = caller?.content ?? [];
  return answers && first !== undefined && !('reasoningContent' in first);
}
