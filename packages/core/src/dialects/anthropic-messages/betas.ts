import { lookUp, isObject, list, object, text, type Json, type JsonObject } from '../../json.ts';
import type { HeaderMap } from '../dialect.ts';

/** 2026-10-21 refuses sampling at any value, which old models still want; all models take the first version (H2). */
const apiVersion = '2023-06-01';

/**
 * The headers a body depends on. A field without its flag and a flag without its field are both refused or pointless
 * (H4), so flags are read off the finished body. `asked` are the flags of a Messages caller: where a need is among
 * them in another dated version, the caller's version was written for; those that govern no field go along as they are.
 */
export function headersFor(body: JsonObject, asked: readonly string[]): HeaderMap {
  const own = usefulFlags(body, asked);
  const missing = neededFlags(body).filter((flag) => !own.some((mine) => family(mine) === family(flag)));
  const flags = [...own, ...missing];
  return { 'anthropic-version': apiVersion, ...(flags.length > 0 && { 'anthropic-beta': flags.join(',') }) };
}

/** Without the flags that only govern fields this body does not have. */
export function usefulFlags(body: JsonObject, asked: readonly string[]): readonly string[] {
  const needed = new Set(neededFlags(body).map(family));
  return asked.filter((flag) => !governed.has(family(flag)) || needed.has(family(flag)));
}

/** `mcp-client-2025-11-20` → `mcp-client`. */
function family(flag: string): string {
  const name = flag.replace(/-\d{4}-\d{2}-\d{2}$/, '');
  return lookUp(sameFamily, name) ?? name;
}

/** Claude Code says it in its own words. */
const sameFamily: Readonly<Record<string, string>> = { 'per-turn-control': 'mid-conversation-output-config' };

/** Top-level members and the flag each needs, by the SDK's list of flags. */
const memberFlags: Readonly<Record<string, string>> = {
  mcp_servers: 'mcp-client-2025-11-20',
  compaction: 'compact-2026-09-04',
  fallbacks: 'server-side-fallback-2026-07-01',
  fallback_credit_token: 'fallback-credit-2026-07-01',
  billing_policy: 'user-profiles-billing-2026-10-01',
  speed: 'fast-mode-2026-02-01',
};

const toolFlags: readonly (readonly [RegExp, string])[] = [
  [/^computer_20251124/, 'computer-use-2025-11-24'],
  [/^computer_20250124/, 'computer-use-2025-01-24'],
  [/^computer_20241022|^text_editor_20241022|^bash_20241022/, 'computer-use-2024-10-22'],
  [/^advisor_/, 'advisor-tool-2026-03-01'],
  [/^mcp_toolset/, 'mcp-client-2025-11-20'],
];

/** Families that only make sense beside a field; with the field gone they go too. */
const governed = new Set([
  ...[...Object.values(memberFlags), ...toolFlags.map(([, flag]) => flag)].map(family),
  ...['context-management', 'task-budgets', 'thinking-binding-controls', 'thinking-display-updates', 'message-threads'],
  ...['mid-conversation-output-config', 'mid-conversation-system-clear-at', 'inline-tools', 'structured-outputs'],
  ...['mid-conversation-tool-changes'],
]);

function neededFlags(body: JsonObject): readonly string[] {
  const flags = Object.keys(memberFlags).flatMap((name) => (isThere(body[name]) ? [memberFlags[name] ?? ''] : []));
  const edits = object(body.context_management) && list(object(body.context_management)?.edits);
  if (edits) {
    flags.push('context-management-2025-06-27');
    if (edits.some((edit) => (text(object(edit)?.type) ?? '').startsWith('compact_'))) flags.push('compact-2026-01-12');
  }
  if (isThere(object(body.output_config)?.task_budget)) flags.push('task-budgets-2026-03-13');
  if (isThere(object(body.thinking)?.block_binding)) flags.push('thinking-binding-controls-2026-08-01');
  if (object(body.thinking)?.display === 'updates') flags.push('thinking-display-updates-2026-08-18');
  for (const tool of list(body.tools))
    for (const [pattern, flag] of toolFlags) if (pattern.test(text(object(tool)?.type) ?? '')) flags.push(flag);
  for (const message of list(body.messages)) flags.push(...messageFlags(message));
  return [...new Set(flags)];
}

function messageFlags(message: Json): readonly string[] {
  if (!isObject(message)) return [];
  const flags: string[] = [];
  if (isThere(message.output_config)) flags.push('mid-conversation-output-config-2026-07-01');
  if (isThere(message.clear_at)) flags.push('mid-conversation-system-clear-at-2026-08-21');
  for (const item of list(message.content)) {
    const block = object(item);
    switch (block?.type) {
      case 'tool_addition':
      case 'tool_removal':
        flags.push('mid-conversation-tool-changes-2026-07-01');
        // A reference points at a tool of the list; anything else defines one on the spot.
        if (!(text(object(block.tool)?.type) ?? 'reference').endsWith('reference'))
          flags.push('inline-tools-2026-09-15');
        break;
      case 'mcp_tool_listing':
        flags.push('mcp-client-2026-09-15');
        break;
      case 'compaction':
        flags.push('compact-2026-01-12');
        break;
      default:
    }
  }
  return flags;
}

function isThere(value: Json | undefined): boolean {
  return value !== undefined && value !== null;
}
