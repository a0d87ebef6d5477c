import * as core from '@proxy/core';
import type { HeaderMap } from '@proxy/core';
import { operations } from '../../src/admin/operations.ts';
import type { DoorName } from '../../src/config/doors.ts';
import { serviceTypes } from '../../src/config/legacy/claude-proxy.ts';
import { pages as apiPages } from '../../src/doors/api-proxy-pages.ts';
import { vendors } from '../../src/doors/host-names.ts';
import { services } from '../../src/doors/reverse-proxy.ts';
import { pages as statisticsPages } from '../../src/routes/statistics.ts';

/** A request that knocks at one of the server's doors, as whoever stands there would send it, but for the credential. */
export interface Knock {
  readonly title: string;
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderMap;
  readonly body?: string;
  /** A handshake. */
  readonly socket: boolean;
  readonly operation?: string;
  /** An access key, the caller's own key of a vendor, an admin's access key, or what the table of permissions says. */
  readonly opens: 'access-key' | 'own-key' | 'admin' | 'permission';
}

interface Asking {
  /** What models are called. */
  readonly model?: string;
  readonly prompt?: string;
  readonly streaming?: boolean;
  /** Where stateless callers send to. */
  readonly address?: string;
}

const dialects = Object.values(core).filter(
  (value): value is core.Dialect => typeof value === 'object' && 'doors' in value && 'decodeRequest' in value,
);
type Door = core.Dialect['doors'][number];

/** Which upstream of `upstreams` speaks a dialect. */
const homes: Readonly<Record<string, string>> = {
  'openai-chat': 'oa',
  'openai-responses': 'oa',
  'anthropic-messages': 'an',
  'gemini-generate': 'ge',
};

/** Every door there is: the dialects', the predecessors' in front of them, the admin API's and the pages that tell of calls. */
export function everyKnock(asking: Asking = {}): readonly Knock[] {
  return [...modelKnocks(asking), ...pageKnocks()];
}

/** Doors behind which a model may be asked, or what a vendor keeps. */
export function modelKnocks(asking: Asking = {}): readonly Knock[] {
  const predecessors = Object.values(inFront).flatMap((knocksAt) => knocksAt(asking));
  return [...atEveryDoor('', asking, homeOf), ...predecessors];
}

/** A door of a predecessor's that is missing here is a type error. */
const inFront = {
  hosts: (asking) =>
    vendors.flatMap(({ name, prefix, dialect }) => {
      const own = dialects.find((one) => one.name === dialect)?.doors ?? [];
      const knocks = own.flatMap((door) => knocksOf(door, dialect, '', asking, ''));
      const headers = { host: `${prefix}example.com`, 'anthropic-beta': 'b' };
      return knocks.map((knock) => ({
        ...knock,
        ...{ title: `${name}.api: ${knock.title}`, opens: 'own-key' as const },
        headers: { ...knock.headers, ...headers },
      }));
    }),
  api: (asking) => [
    ...atEveryDoor('/api', asking, homeOf).filter(({ url }) => url.startsWith('/api/v1/')),
    ...[...Object.values(homes), 'nobody'].flatMap((upstream) =>
      atEveryDoor(`/api/proxy/${upstream}`, asking, () => ''),
    ),
    posting('/api/chat/completions?provider=openai', chat(asking, 'oa/')),
    posting('/chat/completions', chat(asking, 'oa/')),
    ...Object.keys(apiPages).map((path) => getting(`/api${path}`)),
    getting('/api/models'),
  ],
  services: (asking) =>
    services.flatMap(({ at, inner = () => undefined }) => [
      ...atEveryDoor(`/proxy${at}`, asking, () => '').filter(({ url }) => /\/v\d/.test(url)),
      ...Object.entries(innerDoors)
        .filter(([path]) => inner(path, undefined))
        .map(([path, body]) => posting(`/proxy${at}${path}`, body(asking))),
    ]),
  addresses: (asking) =>
    serviceTypes
      .flatMap((type) =>
        ['/v1/messages', '/v1/messages/count_tokens'].map((path) =>
          posting(`/${type}/${asking.address ?? 'http://127.0.0.1:9'}${path}`, chat(asking, '')),
        ),
      )
      .map((knock) => ({ ...knock, opens: 'own-key' as const })),
} satisfies Record<DoorName, (asking: Asking) => readonly Knock[]>;

const pictured = (asking: Asking) => chat({ ...asking, prompt: `Image: ${asking.prompt ?? 'Hi'}` }, '');

/** Paths of oai-reverse-proxy's own; each service has some of them. */
const innerDoors: Readonly<Record<string, (asking: Asking) => object>> = {
  '/v1/turbo-instruct/chat/completions': pictured,
  '/v1/chat/completions': pictured,
  '/v1/complete': completion,
  '/v1/sonnet/complete': completion,
  '/v1/opus/messages': completion,
};

function pageKnocks(): readonly Knock[] {
  return [
    ...Object.keys(statisticsPages).map((path) => ({ ...getting(path), opens: 'admin' as const })),
    ...operations.map(({ method, path }) => ({
      ...getting(path.replace(/\{\w+\}/g, 'nothing')),
      ...{ title: `${method} ${path}`, method, opens: 'permission' as const },
    })),
  ];
}

function homeOf(dialect: string): string {
  return `${homes[dialect]}/`;
}

/** `upstreamOf` is what stands in front of the model's name. */
function atEveryDoor(prefix: string, asking: Asking, upstreamOf: (dialect: string) => string): readonly Knock[] {
  return dialects.flatMap(({ name, doors }) =>
    doors.flatMap((door) => knocksOf(door, name, prefix, asking, upstreamOf(name))),
  );
}

function knocksOf(door: Door, dialect: string, prefix: string, asking: Asking, upstream: string): readonly Knock[] {
  const { method, operation } = door;
  const model = `${upstream}${asking.model ?? 'm'}`;
  const path = prefix + door.path.replace('{model}', model).replace(/\{\w+\}/g, 'x');
  const named = door.relay?.model === 'none';
  const [home = ''] = upstream.split('/');
  const knock: Knock = {
    title: `${method} ${prefix}${door.path} (${dialect})`,
    method,
    operation,
    url: operation === 'realtime' ? `${path}?model=${model}` : path,
    headers: {
      host: 'localhost',
      ...(dialect === 'anthropic-messages' && { 'anthropic-version': '2023-06-01' }),
      ...(named && home !== '' && { 'x-proxy-upstream': home }),
    },
    socket: door.socket !== undefined,
    opens: 'access-key',
  };
  if (method !== 'POST') return [knock];
  const { form } = door.relay ?? {};
  return [
    ...(form === 'only'
      ? []
      : [withBody(knock, named ? {} : { ...chat(asking, upstream), input: asking.prompt ?? 'Hi' })]),
    ...(form === undefined ? [] : [withForm(knock, named ? 'x' : model, asking)]),
  ];
}

function withBody(knock: Knock, body: object): Knock {
  return { ...knock, headers: { ...knock.headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function withForm(knock: Knock, model: string, { prompt = 'Hi' }: Asking): Knock {
  const field = (head: string, text: string) => `--b\r\ncontent-disposition: form-data; ${head}\r\n\r\n${text}\r\n`;
  const body = `${field('name="model"', model)}${field('name="prompt"', prompt)}${field('name="file"; filename="a"', 'abc')}--b--\r\n`;
  const headers = { ...knock.headers, 'content-type': 'multipart/form-data; boundary=b' };
  return { ...knock, title: `${knock.title} as a form`, headers, body };
}

/** Whatever any dialect asks for a prompt in. */
function chat({ model = 'm', prompt = 'Hi', streaming }: Asking, upstream: string): object {
  return {
    model: `${upstream}${model}`,
    max_tokens: 9,
    messages: [{ role: 'user', content: prompt }],
    contents: [{ role: 'user', parts: [{ text: prompt }] }],
    content: { parts: [{ text: prompt }] },
    ...(streaming && { stream: true }),
  };
}

function completion({ model = 'm', prompt = 'Hi', streaming }: Asking): object {
  return {
    ...{ model, max_tokens_to_sample: 9, prompt: `\n\nHuman: ${prompt}\n\nAssistant:` },
    ...(streaming && { stream: true }),
  };
}

function getting(url: string): Knock {
  return {
    ...{ title: `GET ${url}`, method: 'GET', url, headers: { host: 'localhost' } },
    ...{ socket: false, opens: 'access-key' },
  };
}

function posting(url: string, body: object): Knock {
  return withBody({ ...getting(url), title: `POST ${url}`, method: 'POST' }, body);
}
