import { isMap, isSeq, parseDocument, YAMLMap, YAMLSeq, type Document } from 'yaml';
import { serviceFacts, serviceOf, serviceTypes } from '../legacy/claude-proxy.ts';
import { builtIn } from '../providers.ts';
import { strategies } from '../routing.ts';
import type { ConfigEditor, NewUpstream, StoredKey, UpstreamChanges, UpstreamView } from './editor.ts';

type Members = Readonly<Record<string, unknown>>;

/** Our own file, YAML or JSON. Comments and everything that is not touched stay. */
export function editOwn(source: string, json: boolean): ConfigEditor {
  const document: Document = parseDocument(source.trim() === '' ? '{}' : source);
  const top = isMap(document.contents) ? document.contents : document.createNode({});
  if (top.items.length === 0) top.flow = false;
  document.contents = top;

  const all = (): readonly Members[] => plain(document, 'upstreams') as readonly Members[]; // held to the schema before it is written
  const routes = (): readonly Members[] => plain(document, 'routes') as readonly Members[];
  const everything = () => routes().findIndex(({ model }) => model === '*');

  function currentName(): unknown {
    const [first] = (routes()[everything()]?.targets as readonly unknown[] | undefined) ?? [];
    return first === undefined ? all()[0]?.name : upstreamIn(first);
  }

  return {
    strategies,
    types: [...new Set([...builtIn, ...vendorsIn(document), ...serviceTypes])],
    get strategy() {
      const [first, ...others] = all().map(({ strategy }) => strategy);
      return typeof first === 'string' && others.every((other) => other === first) ? first : undefined;
    },
    get upstreams() {
      const current = currentName();
      return all().map((one) => viewOf(one, one.name === current));
    },
    add(upstream) {
      listIn(document, 'upstreams').add(document.createNode(written(upstream)));
    },
    update(index, changes) {
      const { name, facts } = all()[index] ?? {};
      const { facts: news, ...members } = written(changes, String(all()[index]?.baseUrl ?? ''));
      for (const [member, value] of Object.entries(members)) document.setIn(['upstreams', index, member], value);
      if (changes.type !== undefined) refact(index, (facts ?? {}) as Members, (news ?? {}) as Members); // held to the schema
      if (changes.name !== undefined) retarget(String(name), changes.name);
    },
    remove(index) {
      const name = String(all()[index]?.name);
      document.deleteIn(['upstreams', index]);
      const gone = retarget(name, undefined);
      if (all().length === 0) document.deleteIn(['upstreams']);
      return gone;
    },
    use(index) {
      const targets = document.createNode([all()[index]?.name]);
      targets.flow = true;
      const at = everything();
      if (at >= 0) document.setIn(['routes', at, 'targets'], targets);
      else {
        const route = new YAMLMap(document.schema);
        route.set('model', '*');
        route.set('targets', targets);
        listIn(document, 'routes').add(route);
      }
    },
    setKeys(index, keys) {
      if (keys.length === 0) document.deleteIn(['upstreams', index, 'apiKeys']);
      else document.setIn(['upstreams', index, 'apiKeys'], document.createNode(keys.map((key) => key.written)));
    },
    setStrategy(strategy) {
      for (const index of all().keys()) document.setIn(['upstreams', index, 'strategy'], strategy);
    },
    clear() {
      document.deleteIn(['upstreams']);
      document.deleteIn(['routes']);
    },
    text: () => (json ? `${JSON.stringify(document.toJS(), null, 2)}\n` : document.toString({ lineWidth: 0 })),
  };

  /** What the old type had to say goes with it; what a person has written stays. */
  function refact(index: number, facts: Members, news: Members): void {
    const path = ['upstreams', index, 'facts'];
    const kept = Object.keys(facts).filter((fact) => !serviceFacts.has(fact));
    if (kept.length === 0) document.deleteIn(path);
    else for (const fact of Object.keys(facts)) if (serviceFacts.has(fact)) document.deleteIn([...path, fact]);
    for (const [fact, value] of Object.entries(news)) document.setIn([...path, fact], value);
  }

  /** Whatever leads to an upstream that has another name now, or is no more. Returns what went along with it. */
  function retarget(from: string, to: string | undefined): readonly string[] {
    for (const path of targetLists()) redirect(path, from, to);
    const prices = plain(document, 'prices') as readonly Members[]; // held to the schema, as the others
    for (const [index, { upstream }] of prices.entries())
      if (upstream === from && to !== undefined) document.setIn(['prices', index, 'upstream'], to);
    const gone: string[] = [];
    // Backwards, so that indices stay true.
    for (const [index, { model, targets }] of [...routes().entries()].reverse()) {
      if (!Array.isArray(targets) || targets.length > 0) continue;
      document.deleteIn(['routes', index]);
      gone.push(`The route of "${String(model)}" led nowhere else and is removed.`);
    }
    if (routes().length === 0) document.deleteIn(['routes']);
    return gone;
  }

  function targetLists(): readonly Path[] {
    return [
      ...routes().flatMap((_route, index) => [
        ['routes', index, 'targets'],
        ['routes', index, 'fallbacks'],
      ]),
      ...all().map((_upstream, index) => ['upstreams', index, 'fallbacks']),
    ];
  }

  function redirect(list: Path, from: string, to: string | undefined): void {
    const node = document.getIn(list);
    if (!isSeq(node)) return;
    const targets = node.toJS(document) as readonly unknown[];
    for (const [place, target] of [...targets.entries()].reverse()) {
      if (upstreamIn(target) !== from) continue;
      const path = [...list, place];
      if (to === undefined) document.deleteIn(path);
      else if (typeof target === 'string')
        document.setIn(
          path,
          target.replace(/^[^/]*/, () => to),
        );
      else document.setIn([...path, 'upstream'], to);
    }
    if (node.items.length === 0 && list.at(-1) === 'fallbacks') document.deleteIn(list);
  }
}

type Path = readonly (string | number)[];

function plain(document: Document, member: string): readonly unknown[] {
  const node = document.get(member);
  return isSeq(node) ? (node.toJS(document) as readonly unknown[]) : [];
}

function listIn(document: Document, member: string): YAMLSeq {
  const node = document.get(member);
  if (isSeq(node)) return node;
  const list = new YAMLSeq(document.schema);
  document.set(member, list);
  return list;
}

function vendorsIn(document: Document): readonly string[] {
  const node = document.get('vendors');
  return isMap(node) ? node.items.map(({ key }) => String(key)) : [];
}

/** In our words: a claude-proxy type is a provider and perhaps a fact about it. */
function written({ type, ...rest }: UpstreamChanges | NewUpstream, knownUrl = ''): Record<string, unknown> {
  const { name, baseUrl, ...more } = rest;
  if (type === undefined)
    return { ...(name !== undefined && { name }), ...(baseUrl !== undefined && { baseUrl }), ...more };
  const provider = builtIn.includes(type) && type !== 'openai' ? type : undefined;
  const service = provider === undefined ? serviceOf({ serviceType: type, baseUrl: baseUrl ?? knownUrl }) : undefined;
  return {
    ...(name !== undefined && { name }),
    provider: provider ?? service?.provider ?? type,
    ...(baseUrl !== undefined && { baseUrl }),
    ...(service?.facts && { facts: service.facts }),
    ...more,
  };
}

function viewOf(
  { name, provider, baseUrl, apiKeys, insecureSkipVerify, description }: Members,
  current: boolean,
): UpstreamView {
  const keys: readonly unknown[] = Array.isArray(apiKeys) ? apiKeys : [];
  return {
    name: String(name),
    type: String(provider),
    baseUrl: typeof baseUrl === 'string' ? baseUrl : undefined,
    keys: keys.map(keyOf),
    ...(typeof description === 'string' && { description }),
    ...(typeof insecureSkipVerify === 'boolean' && { insecureSkipVerify }),
    current,
  };
}

function keyOf(written: unknown): StoredKey {
  if (typeof written !== 'object' || written === null) return { written, text: String(written) };
  const { key, file } = written as Members; // an object, by the line before
  return { written, text: key === undefined ? `file ${String(file)}` : String(key) };
}

/** `upstream/model`, an upstream alone, or both as members. */
function upstreamIn(target: unknown): unknown {
  if (typeof target === 'string') return target.split('/')[0];
  return typeof target === 'object' && target !== null ? (target as Members).upstream : undefined; // an object, just checked
}
