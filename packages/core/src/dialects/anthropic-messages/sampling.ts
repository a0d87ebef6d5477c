import type { Sampling } from '../../conversation/conversation.ts';
import type { Report } from '../../conversation/notice.ts';
import type { ModelFacts } from '../../models/model-facts.ts';
import type { WireThinking } from '../claude-thinking.ts';
import type { WireRequest } from './wire.ts';

type WireSampling = Pick<WireRequest, 'temperature' | 'top_p' | 'top_k' | 'stop_sequences'>;

/** Q1: new models refuse sampling at any value, old ones take temperatures up to 1, and none while they think. */
export function encodeSampling(
  sampling: Sampling,
  thinking: WireThinking | undefined,
  facts: ModelFacts,
  report: Report,
): WireSampling {
  const out: WireSampling = {};
  const drop = (field: string, detail: string) => report({ type: 'dropped', field: `sampling.${field}`, detail });
  const { temperature, topP, topK } = sampling;
  const thinks = thinking?.type === 'enabled' || thinking?.type === 'adaptive';
  for (const [field, value] of Object.entries({ temperature, topP, topK })) {
    if (value === undefined) continue;
    if (facts.sampling !== true) drop(field, 'This model takes no sampling parameters.');
    else if (thinks && field === 'temperature' && value !== 1) drop(field, 'No temperature but 1 while thinking.');
    else if (thinks && field === 'topK') drop(field, 'No top_k while thinking.');
    else if (thinks && field === 'topP' && value < 0.95) drop(field, 'No top_p below 0.95 while thinking.');
    else if (field === 'temperature') out.temperature = clampTemperature(value, facts, report);
    else if (field === 'topK') out.top_k = value;
    else if (out.temperature !== undefined && facts.oneOfTemperatureAndTopP === true)
      drop(field, 'This model takes one of temperature and top_p.');
    else out.top_p = value;
  }
  return { ...out, ...encodeStops(sampling.stopSequences, facts, report) };
}

function clampTemperature(value: number, facts: ModelFacts, report: Report): number {
  const most = facts.maxTemperature ?? 1;
  if (value <= most) return value;
  report({ type: 'approximated', field: 'sampling.temperature', detail: `${value} became ${most}, the highest here.` });
  return most;
}

/** Q4: sequences of nothing but white space are refused. */
function encodeStops(
  stops: readonly string[] | undefined,
  facts: ModelFacts,
  report: Report,
): Pick<WireRequest, 'stop_sequences'> {
  if (!stops || stops.length === 0) return {};
  const usable = facts.stopSequences === false ? [] : stops.filter((stop) => stop.trim() !== '');
  if (usable.length < stops.length)
    report({
      type: 'dropped',
      field: 'sampling.stopSequences',
      detail: 'Anthropic takes no stop sequences of white space alone.',
    });
  return usable.length > 0 ? { stop_sequences: usable } : {};
}
