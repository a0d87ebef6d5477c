import {
  estimatePromptTokens,
  Failure,
  matchesPattern,
  withOutputCap,
  type Policy,
  type PolicyTarget,
} from '@proxy/core';
import type { TokenCap } from '../config/guards.ts';
import { isSpecial } from './refusals.ts';

/** Prompts longer than this, or than the model takes, are refused with the numbers (row C25). */
export function contextCap(cap: TokenCap): Policy {
  return {
    name: 'max-context-tokens',
    inspect({ operation, caller }, inbound, [target]) {
      if (operation !== 'generate' || isSpecial(caller)) return;
      const most = mostFor(cap, inbound.glance.model, target);
      if (most === undefined) return;
      const maximum = Math.min(most, target?.facts.contextWindow ?? most);
      const used = estimatePromptTokens(inbound.decoded().conversation);
      if (used <= maximum) return;
      const message = `This prompt has about ${used} tokens, and ${maximum} is the most that is let through here.`;
      throw new Failure('context-too-long', message, { tokens: { used, maximum } });
    },
  };
}

/** No more than this is written, whatever was asked for (row C25). */
export function outputCap(cap: TokenCap): Policy {
  return {
    name: 'max-output-tokens',
    inspect({ operation }, inbound, [target]) {
      if (operation !== 'generate' && operation !== 'complete') return;
      const most = mostFor(cap, inbound.glance.model, target);
      return most === undefined || !target ? undefined : withOutputCap(inbound, most, target.facts);
    },
  };
}

function mostFor(cap: TokenCap, model: string, target: PolicyTarget | undefined): number | undefined {
  if (typeof cap === 'number') return cap;
  const names = target ? [target.model, model] : [model];
  const [longest] = Object.keys(cap)
    .filter((pattern) => names.some((name) => matchesPattern(pattern, name)))
    .sort((a, b) => b.length - a.length);
  return longest === undefined ? undefined : cap[longest];
}
