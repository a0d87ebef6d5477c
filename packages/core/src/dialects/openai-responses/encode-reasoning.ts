import { efforts, type Conversation, type Effort } from '../../conversation/conversation.ts';
import type { Report } from '../../conversation/notice.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import { effortOfBudget, unprefixed } from './vocabulary.ts';
import type { WireReasoning } from './wire.ts';

/** How much to think and what to show of it are asked for apart (Z13). */
export function encodeReasoning(
  conversation: Conversation,
  facts: ModelFacts,
  report: Report,
): WireReasoning | undefined {
  const { reasoning } = conversation;
  const extras = unprefixed(conversation, 'reasoning');
  if (facts.efforts?.length === 0) {
    if (reasoning && reasoning.mode !== 'disabled' && reasoning.effort !== 'none')
      report({ type: 'dropped', field: 'reasoning', detail: 'The model does not reason.' });
    return undefined;
  }
  const effort = effortOf(conversation, facts, report);
  const summary = reasoning?.show === 'summary' ? (reasoning.summaryDetail ?? 'auto') : undefined;
  const body = { ...extras, ...(effort && { effort }), ...(summary && { summary }) };
  return Object.keys(body).length > 0 ? body : undefined;
}

function effortOf({ reasoning }: Conversation, facts: ModelFacts, report: Report): Effort | undefined {
  if (!reasoning) return undefined;
  if (reasoning.mode === 'disabled' && reasoning.effort === undefined) return noEffort(facts, report);
  const asked = reasoning.effort ?? effortOfBudget(reasoning.budgetTokens ?? -1);
  if (asked === undefined) return undefined;
  const chosen = facts.efforts ? nearest(asked, facts.efforts) : asked;
  if (chosen !== reasoning.effort)
    report({
      type: 'approximated',
      field: reasoning.effort === undefined ? 'reasoning.budgetTokens' : 'reasoning.effort',
      detail: `Sent as effort "${chosen}".`,
    });
  return chosen;
}

/** Models that are not known to take `none` refuse it, so they are left at their default. */
function noEffort(facts: ModelFacts, report: Report): Effort | undefined {
  if (facts.efforts?.includes('none')) return 'none';
  const lowest = facts.efforts?.[0];
  report({
    type: 'approximated',
    field: 'reasoning.mode',
    detail: lowest ? `The model always reasons; effort "${lowest}" was sent.` : 'The model is left to its own effort.',
  });
  return lowest;
}

/** The effort itself, else the weakest stronger one, else the strongest there is. */
function nearest(asked: Effort, known: readonly Effort[]): Effort {
  const rank = (effort: Effort) => efforts.indexOf(effort);
  return known.find((effort) => rank(effort) >= rank(asked)) ?? known.at(-1) ?? asked;
}
