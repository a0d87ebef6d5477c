import type { Environment } from '../config/expand.ts';
import { upstreamsOfClaudeProxy } from '../config/legacy/claude-proxy.ts';
import { createNames, ImportError, type DraftUpstream, type Imported } from './imported.ts';

/** A claude-proxy config.json: all of its upstreams, and everything to the current one. */
export function importClaudeProxy(value: unknown, env: Environment): Imported {
  const { upstreams, current, problems } = upstreamsOfClaudeProxy(value, env);
  if (problems.length > 0) throw new ImportError(problems.join('\n'));
  const nameOf = createNames();
  const left: string[] = [];
  const drafts = upstreams.map(({ name, apiKeys = [], ...rest }): DraftUpstream => {
    const own = nameOf(name);
    if (apiKeys.length === 0) left.push(`"${own}" has no key: proxy config key ${own} add <key>`);
    return { name: own, ...rest, ...(apiKeys.length > 0 && { apiKeys: apiKeys.map(({ key }) => key) }) };
  });
  const first = drafts[current];
  return {
    source: 'claude-proxy',
    draft: { upstreams: drafts, ...(first && { routes: [{ model: '*', targets: [first.name] }] }) },
    left,
  };
}
