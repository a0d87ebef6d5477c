import { isArray, isObject, type Json } from '../../json.ts';
import type { Bounds, RequestBounds } from '../dialect.ts';
import { atLeastOne, unboundedRounds } from '../request-bounds.ts';

export const bounds: Bounds = {
  media: ['"image"', '"document"', '"container_upload"'],
  of(body): RequestBounds {
    const maxOutputTokens = atLeastOne(body.get('max_tokens'));
    const rounds = roundsOf(body.get('tools')) + roundsOfServers(body.get('mcp_servers'));
    return {
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      ...((body.get('container') ?? null) !== null && { elsewhere: true }),
      ...(rounds > 0 && { rounds }),
    };
  },
};

/** Run by Anthropic, which goes on by itself; the caller's have the type `custom`, or one of a tool it is to run. */
const vendorTool = /^(web_search|web_fetch|code_execution|tool_search|mcp_toolset)/;

function roundsOf(tools: Json | undefined): number {
  if (!isArray(tools)) return 0;
  let rounds = 0;
  for (const tool of tools)
    if (isObject(tool) && vendorTool.test(String(tool.type))) rounds += atLeastOne(tool.max_uses) ?? unboundedRounds;
  return rounds;
}

function roundsOfServers(servers: Json | undefined): number {
  return isArray(servers) && servers.length > 0 ? unboundedRounds : 0;
}
