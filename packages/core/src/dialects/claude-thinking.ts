import type { Conversation, Effort, Reasoning } from '../conversation/conversation.ts';
import type { Report } from '../conversation/notice.ts';
import type { Json } from '../json.ts';
import type { ModelFacts } from '../models/model-facts.ts';

/** How Claude is told to think, in Messages and in Converse's additional fields alike. */
export type WireEffort = 'low' | 'medium' | 'high' | 'xhigh' | 'max';

export type WireThinking =
  | { type: 'enabled'; budget_tokens: number; display?: WireDisplay }
  | { type: 'adaptive'; display?: WireDisplay }
  | { type: 'disabled' }
  | { type: 'between_tools' };
type WireDisplay = 'summarized' | 'omitted';

/** The dialect in whose extras a caller's own spelling is kept. */
const messages = 'anthropic-messages';

/** How a request thinks, and the output limit that this leaves it with. */
export interface ThinkingPlan {
  readonly thinking?: WireThinking;
  readonly effort?: WireEffort;
  readonly maxTokens: number;
  /** The caller wanted thinking, and cannot have it. */
  readonly dropped?: true;
}

/** What Claude Code sends for models it does not know; every Claude since 4 takes it (Q3). */
const cautiousMaxTokens = 32_000;
const minBudget = 1024;

type Form = NonNullable<ModelFacts['thinking']>[number];

/** Table a5 and Z11: the form of `thinking` this model takes, for what the caller asked of it. */
export function planThinking(conversation: Conversation, facts: ModelFacts, report: Report): ThinkingPlan {
  const maxTokens = outputLimit(conversation, facts, report);
  const { reasoning } = conversation;
  if (!reasoning) return { maxTokens };
  const written = conversation.extras?.[messages]?.['@thinking'];
  // Claude Code thinks adaptively with models it does not know, and so do all new ones.
  const forms: readonly Form[] = facts.thinking ?? ['adaptive'];
  const efforts = effortWords(facts);
  const steer = { reasoning, forms, efforts, report, facts, maxTokens };
  if (isOff(reasoning)) return { ...thinkNot(steer, written === 'between_tools'), maxTokens };
  // A Messages client may set the effort of the whole answer and leave thinking to the model's default.
  if (written === 'unset') return { ...chosenEffort(reasoning.effort, efforts, report), maxTokens };
  if (!reasoning.mode && reasoning.effort === undefined && reasoning.budgetTokens === undefined)
    return { ...showOnly(steer), maxTokens };
  const ownBudget = reasoning.budgetTokens !== undefined && reasoning.mode !== 'adaptive' && forms.includes('budget');
  if (forms.includes('adaptive') && !ownBudget) return { ...thinkAdaptively(steer), maxTokens };
  if (forms.includes('budget')) return thinkWithinBudget(steer);
  report({ type: 'dropped', field: 'reasoning', detail: 'This model does not think before it answers.' });
  return { maxTokens, dropped: true };
}

/** Whether the caller asked for thinking, whatever the model makes of it. */
export function wantsThinking(reasoning: Reasoning | undefined): boolean {
  if (!reasoning || isOff(reasoning)) return false;
  return reasoning.mode === 'adaptive' || reasoning.effort !== undefined || reasoning.budgetTokens !== undefined;
}

/** The same, leaving aside a Messages caller who set an effort and left thinking to the model. */
export function thinksOnRequest(conversation: Conversation): boolean {
  return wantsThinking(conversation.reasoning) && conversation.extras?.[messages]?.['@thinking'] !== 'unset';
}

interface Steer {
  readonly reasoning: Reasoning;
  readonly forms: readonly Form[];
  readonly efforts: readonly Effort[];
  readonly report: Report;
  readonly facts: ModelFacts;
  readonly maxTokens: number;
}

function outputLimit(conversation: Conversation, facts: ModelFacts, report: Report): number {
  const { maxOutputTokens: asked } = conversation;
  const limit = facts.maxOutputTokens;
  if (asked === undefined) {
    const value = limit ?? cautiousMaxTokens;
    report({ type: 'defaulted', field: 'maxOutputTokens', detail: `Messages needs a limit; ${value} was sent.` });
    return value;
  }
  if (limit === undefined || asked <= limit) return asked;
  report({
    type: 'approximated',
    field: 'maxOutputTokens',
    detail: `${asked} became ${limit}, the model's own limit.`,
  });
  return limit;
}

function effortWords(facts: ModelFacts): readonly Effort[] {
  if (facts.efforts) return facts.efforts;
  return facts.thinking ? [] : ['low', 'medium', 'high'];
}

function isOff(reasoning: Reasoning): boolean {
  return (
    reasoning.mode === 'disabled' || (!reasoning.mode && (reasoning.effort === 'none' || reasoning.budgetTokens === 0))
  );
}

function thinkNot({ reasoning, forms, efforts, facts, report }: Steer, betweenTools: boolean): Partial<ThinkingPlan> {
  // Without thinking, Opus 5 takes no more than high (models/whats-new-opus-5).
  const calm = efforts.filter((word) => word !== 'xhigh' && word !== 'max');
  const effort = reasoning.effort === 'none' ? {} : chosenEffort(reasoning.effort, calm, report);
  if (betweenTools && forms.includes('between-tools')) return { thinking: { type: 'between_tools' }, ...effort };
  if (forms.includes('disabled')) return { thinking: { type: 'disabled' }, ...effort };
  if (forms.includes('between-tools')) return { thinking: { type: 'between_tools' }, ...effort };
  if (forms.length === 0) return effort;
  const least = facts.thinking ? nearestEffort('low', efforts) : undefined;
  report({
    type: 'approximated',
    field: 'reasoning.mode',
    detail: least
      ? 'This model always thinks; it was asked for little.'
      : 'Whether this model can be kept from thinking is unknown.',
  });
  return least ? { effort: least } : {};
}

function showOnly({ reasoning, forms, report }: Steer): Partial<ThinkingPlan> {
  const { display } = displayOf(reasoning);
  if (!display) return {};
  if (forms.includes('adaptive')) return { thinking: { type: 'adaptive', display } };
  // Hidden thinking that does not take place is hidden well enough.
  if (display === 'summarized')
    report({
      type: 'dropped',
      field: 'reasoning.show',
      detail: 'Nothing was said about how much to think, so this model does not.',
    });
  return {};
}

/** Z13: what is shown is asked for on its own; new models show nothing by default. */
function displayOf(reasoning: Reasoning): { display?: WireDisplay } {
  if (reasoning.show === undefined) return {};
  return { display: reasoning.show === 'summary' ? 'summarized' : 'omitted' };
}

function thinkAdaptively({ reasoning, efforts, report }: Steer): Partial<ThinkingPlan> {
  const { budgetTokens } = reasoning;
  const effort = reasoning.effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens));
  if (reasoning.effort === undefined && budgetTokens !== undefined)
    report({
      type: 'approximated',
      field: 'reasoning.budgetTokens',
      detail: `This model takes an effort; ${budgetTokens} tokens are ${effort}.`,
    });
  return { thinking: { type: 'adaptive', ...displayOf(reasoning) }, ...chosenEffort(effort, efforts, report) };
}

function chosenEffort(effort: Effort | undefined, efforts: readonly Effort[], report: Report): { effort?: WireEffort } {
  if (effort === undefined) return {};
  const nearest = nearestEffort(effort, efforts);
  if (nearest !== effort)
    report({
      type: nearest ? 'approximated' : 'dropped',
      field: 'reasoning.effort',
      detail: nearest
        ? `This model takes ${efforts.join(', ')}; ${effort} became ${nearest}.`
        : 'This model takes no effort.',
    });
  return nearest ? { effort: nearest } : {};
}

function thinkWithinBudget(steer: Steer): ThinkingPlan {
  const { reasoning, efforts, facts, maxTokens, report } = steer;
  const effort =
    reasoning.effort !== undefined && efforts.length > 0 ? chosenEffort(reasoning.effort, efforts, report) : {};
  // Anthropic's own default effort is high.
  const wished = reasoning.budgetTokens ?? budgets[reasoning.effort ?? 'high'];
  const fit = fitBudget(wished, maxTokens, facts, report);
  if (!fit) return { maxTokens, dropped: true, ...effort };
  return {
    thinking: { type: 'enabled', budget_tokens: fit.budget, ...displayOf(reasoning) },
    maxTokens: fit.maxTokens,
    ...effort,
  };
}

/** A budget is at least 1024 and below max_tokens: the limit is raised as far as the model goes, then the budget cut. */
function fitBudget(wished: number, maxTokens: number, facts: ModelFacts, report: Report) {
  let budget = Math.max(wished, facts.minThinkingBudget ?? minBudget);
  budget = Math.min(budget, facts.maxThinkingBudget ?? budget);
  if (budget < maxTokens) return { budget, maxTokens };
  const raised = Math.max(maxTokens, Math.min(facts.maxOutputTokens ?? 0, maxTokens + budget));
  if (raised > maxTokens)
    report({
      type: 'approximated',
      field: 'maxOutputTokens',
      detail: `Raised to ${raised}, since it includes ${budget} tokens of thinking here.`,
    });
  if (budget >= raised) budget = Math.max(minBudget, raised - Math.min(maxTokens, Math.floor(raised / 2)));
  if (budget < raised) return { budget, maxTokens: raised };
  report({
    type: 'dropped',
    field: 'reasoning',
    detail: `No thinking fits into ${raised} tokens; it takes more than ${minBudget}.`,
  });
  return undefined;
}

/** Table a5: what an effort is worth to a model that takes budgets. `max` is the model's own limit. */
const budgets = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: 128_000,
} as const satisfies Record<Effort, number>;

/** Table a5, last column. */
export function effortOfBudget(budget: number): Effort {
  if (budget <= 0) return 'none';
  if (budget <= 512) return 'minimal';
  if (budget <= 1024) return 'low';
  if (budget <= 8192) return 'medium';
  if (budget <= 24_576) return 'high';
  return budget <= 65_536 ? 'xhigh' : 'max';
}

const wireEfforts: readonly WireEffort[] = ['low', 'medium', 'high', 'xhigh', 'max'];

export function isWireEffort(value: Json | undefined): value is WireEffort {
  return wireEfforts.some((effort) => effort === value);
}

/** The strongest accepted effort that is not above the wanted one; the weakest where all are above. */
export function nearestEffort(wanted: Effort, accepted: readonly Effort[]): WireEffort | undefined {
  const known = wireEfforts.filter((effort) => accepted.includes(effort));
  const wish = wanted === 'none' || wanted === 'minimal' ? 'low' : wanted;
  return known.findLast((effort) => wireEfforts.indexOf(effort) <= wireEfforts.indexOf(wish)) ?? known[0];
}
