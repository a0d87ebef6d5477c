import { serviceTypes, strategies } from '../legacy/claude-proxy.ts';
import { type ConfigEditor, type StoredKey, type UpstreamChanges, type UpstreamView } from './editor.ts';

type Members = Record<string, unknown>;

/** claude-proxy's config.json: `{upstream[], currentUpstream, loadBalance}`. What else it holds stays. */
export function editClaudeProxy(file: Members): ConfigEditor {
  const all = (): Members[] => (file.upstream ??= []) as Members[]; // told from other files by this list
  const at = (index: number): Members => all()[index] ?? {};

  function currentIndex(): number {
    const { currentUpstream: current } = file;
    const named = all().findIndex(({ name }) => typeof current === 'string' && same(name, current));
    const index = named >= 0 ? named : Number(current ?? 0);
    return Number.isInteger(index) ? Math.max(0, Math.min(index, all().length - 1)) : 0;
  }

  return {
    strategies,
    types: serviceTypes,
    get strategy() {
      return typeof file.loadBalance === 'string' ? file.loadBalance : undefined;
    },
    get upstreams() {
      const current = currentIndex();
      return all().map((one, index) => viewOf(one, index, index === current));
    },
    add({ type, ...rest }) {
      const { name, baseUrl, ...more } = rest;
      all().push({ baseUrl, apiKeys: [], serviceType: type, name, ...more });
    },
    update(index, { type, ...changes }: UpstreamChanges) {
      Object.assign(at(index), changes, type !== undefined && { serviceType: type });
    },
    remove(index) {
      const current = currentIndex();
      all().splice(index, 1);
      file.currentUpstream = Math.max(0, index < current ? current - 1 : Math.min(current, all().length - 1));
      const now = all()[currentIndex()];
      return index === current && now ? [`Now the current upstream is "${nameOf(now, currentIndex())}".`] : [];
    },
    use(index) {
      file.currentUpstream = index;
    },
    setKeys(index, keys) {
      at(index).apiKeys = keys.map(({ written }) => written);
    },
    setStrategy(strategy) {
      file.loadBalance = strategy;
    },
    clear() {
      file.upstream = [];
      file.currentUpstream = 0;
    },
    text: () => `${JSON.stringify(file, null, 2)}\n`,
  };
}

function viewOf(one: Members, index: number, current: boolean): UpstreamView {
  const { serviceType, baseUrl, description, insecureSkipVerify, apiKeys } = one;
  const keys: readonly unknown[] = Array.isArray(apiKeys) ? apiKeys : [];
  return {
    name: nameOf(one, index),
    type: String(serviceType),
    baseUrl: typeof baseUrl === 'string' ? baseUrl : undefined,
    keys: keys.map((key): StoredKey => ({ written: key, text: String(key) })),
    ...(typeof description === 'string' && { description }),
    ...(typeof insecureSkipVerify === 'boolean' && { insecureSkipVerify }),
    current,
  };
}

function nameOf({ name }: Members, index: number): string {
  return typeof name === 'string' && name !== '' ? name : `upstream-${index}`;
}

function same(a: unknown, b: string): boolean {
  return typeof a === 'string' && a.toLowerCase() === b.toLowerCase();
}
