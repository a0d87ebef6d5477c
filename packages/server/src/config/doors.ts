import * as z from 'zod';
import { set, type Environment } from './expand.ts';
import { asRange } from '../public-address.ts';
import { besideFile, flag, section, wholeNumber, words } from './schema-parts.ts';

/** By what each is opened in the file. */
export const doorNames = ['hosts', 'api', 'services', 'addresses'] as const;

export type DoorName = (typeof doorNames)[number];

/** Which doors of our predecessors are open. */
export interface DoorsConfig {
  /** By host name, to the vendors' own addresses with the caller's own key. Absent: closed. */
  readonly hosts?: {
    readonly claude: string;
    readonly openai: string;
    /** Nothing is served under any other name. */
    readonly only: boolean;
  };
  /** Everything under /api. */
  readonly api: boolean;
  /** The path that the services stand below, as `/proxy/openai`. Absent: closed. */
  readonly services?: string;
  /** Generated pictures are kept in a folder, and fetched by names that nobody guesses. Absent: they are not kept. */
  readonly pictures?: {
    readonly path: string;
    readonly maxMb: number;
    /** The address of this server as its callers reach it; absent: as the caller at hand has named it. */
    readonly url?: string;
  };
  /** Callers name the address to ask, with their own key for it. Absent: closed. */
  readonly addresses?: {
    /** Ranges that may be asked though they are not public. */
    readonly allow: readonly string[];
  };
}

const range = words().transform((text, context) => {
  const read = asRange(text);
  if (read !== undefined) return read;
  context.addIssue({ code: 'custom', message: 'must be an address or a range like 10.0.0.0/8.' });
  return z.NEVER;
});

export const doorsSchema = section({
  hosts: section({
    claude: words().exactOptional(),
    openai: words().exactOptional(),
    only: flag().exactOptional(),
  }).exactOptional(),
  api: flag().exactOptional(),
  addresses: z
    .union([flag(), section({ allow: z.array(range) })], { error: 'must be true, false or {allow: [ranges]}.' })
    .exactOptional(),
  pictures: section({
    path: words().describe(`The folder of the pictures: ${besideFile}.`),
    maxMb: wholeNumber(1).exactOptional(),
    url: words()
      .regex(/^https?:\/\/[^\s?#]+$/, 'must be an address like https://ai.example.com.')
      .exactOptional(),
  }).exactOptional(),
  services: z
    .union([flag(), words().regex(/^\/[\w/-]*[\w-]$/)], { error: 'must be true, false or a path like /proxy.' })
    .exactOptional(),
});

type DoorsFile = z.output<typeof doorsSchema>;

/** The file's word, and that of the predecessors' variables where the file has none. */
export function doorsOf(file: DoorsFile | undefined, env: Environment, onlyEnvironment: boolean): DoorsConfig {
  const hosts = hostsOf(file?.hosts, env, onlyEnvironment);
  const services = servicesOf(file?.services, env);
  const { api = true, addresses = false, pictures } = file ?? {};
  return {
    ...(hosts && { hosts }),
    api,
    ...(services !== undefined && { services }),
    ...(pictures && { pictures: picturesOf(pictures) }),
    ...(addresses !== false && { addresses: addresses === true ? { allow: [] } : addresses }),
  };
}

const defaultPicturesMb = 256;

function picturesOf({ path, maxMb = defaultPicturesMb, url }: NonNullable<DoorsFile['pictures']>) {
  return { path, maxMb, ...(url !== undefined && { url: url.replace(/\/+$/, '') }) };
}

/** Row F1: PROXY_ENDPOINT_ROUTE names the path. */
function servicesOf(file: DoorsFile['services'], env: Environment): string | undefined {
  if (file === false) return undefined;
  if (typeof file === 'string') return file;
  const route = (set(env, 'PROXY_ENDPOINT_ROUTE') ?? '/proxy').replace(/\/+$/, '');
  return route.startsWith('/') ? route : `/${route}`;
}

/** ai-proxy has no upstreams but these; where there is no file, nobody meant any other. */
function hostsOf(file: DoorsFile['hosts'], env: Environment, onlyEnvironment: boolean): DoorsConfig['hosts'] {
  const claude = file?.claude ?? set(env, 'CLAUDE_API_HOST');
  const openai = file?.openai ?? set(env, 'OPENAI_API_HOST');
  if (!file && claude === undefined && openai === undefined) return undefined;
  return {
    claude: addressOf(claude ?? 'api.anthropic.com'),
    openai: addressOf(openai ?? 'api.openai.com'),
    only: file?.only ?? onlyEnvironment,
  };
}

/** `api.anthropic.com`, `10.0.0.1:8443` or a whole address. */
function addressOf(host: string): string {
  return /^https?:\/\//i.test(host) ? host.replace(/\/+$/, '') : `https://${host}`;
}

/** Nobody can spend a key of ours, because nothing is served that would. */
export function servesOwnKeysOnly({ hosts }: DoorsConfig): boolean {
  return hosts?.only === true;
}
