import type { HttpAnswer } from '@proxy/core';
import { secretsOf } from '../config/build.ts';
import type { Config } from '../config/config.ts';
import { createMaskText, maskable } from '../mask.ts';
import type { Operation, Outcome } from './operation.ts';
import type { Refusal } from './refusal.ts';

/** Nothing of it is kept by browsers or proxies, framed, or taken for what it is not. */
const guardingHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
} as const;

export function answerOf(operation: Operation, outcome: Outcome, config: Config): HttpAnswer {
  const { body, events, html, headers: own } = outcome;
  const headers = { ...guardingHeaders, ...own };
  if (events) return { status: 200, headers: { ...headers, 'content-type': 'text/event-stream' }, body: events };
  if (html !== undefined) {
    const policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'";
    const type = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy };
    return { status: outcome.status ?? 200, headers: { ...headers, ...type }, body: html };
  }
  if (body === undefined) return { status: outcome.status ?? operation.status ?? 204, headers };
  const text = JSON.stringify(body);
  return {
    status: outcome.status ?? operation.status ?? 200,
    headers: { ...headers, 'content-type': 'application/json' },
    body: operation.tellsSecret ? text : maskFor(config)(text),
  };
}

export function refusalAnswer(operation: Operation | undefined, refusal: Refusal): HttpAnswer {
  const { status, type, message, problems, headers } = refusal;
  const body = operation?.refuse?.(refusal) ?? { error: { type, message, ...(problems && { problems }) } };
  return {
    status,
    headers: { ...guardingHeaders, ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

/** The last net: whatever a vendor or a caller wrote into a record, no secret that we know leaves in it. */
export function maskFor(config: Config): (text: string) => string {
  let mask = masks.get(config);
  if (!mask) {
    const secrets = maskable(secretsOf(config));
    masks.set(config, (mask = createMaskText(() => secrets)));
  }
  return mask;
}

const masks = new WeakMap<Config, (text: string) => string>();
