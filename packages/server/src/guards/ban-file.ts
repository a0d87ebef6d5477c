import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { sync as writeFileAtomic } from 'write-file-atomic';
import { plainAddress } from './address.ts';
import type { Ban, BanStore, Faults } from './bans.ts';

/** Counts may be lost; a ban is written at once. */
const writeDelayMs = 1000;

type Tell = (message: string, fields: object) => void;

/** ai-proxy's black.json (row C2): `{blacks: [ip], ip_error_counter: {ip: {count, firstError, lastError, errorType}}}`. */
export function banFile(path: string, warn: Tell): BanStore {
  let bans: readonly Ban[] = [];
  let faults: ReadonlyMap<string, Faults> = new Map();
  let timer: NodeJS.Timeout | undefined;

  function write(): void {
    clearTimeout(timer);
    timer = undefined;
    const content = {
      blacks: bans.map(({ address }) => address),
      ip_error_counter: Object.fromEntries(faults),
    };
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileAtomic(path, `${JSON.stringify(content, null, 2)}\n`);
    } catch (error) {
      warn('The list of banned addresses could not be written.', { path, error: String(error) });
    }
  }

  return {
    load(take) {
      const found = read(path, warn);
      bans = found.bans;
      faults = found.faults;
      take(bans, faults);
    },
    put(ban) {
      bans = [...bans, ban];
      write();
    },
    keep(all, counted) {
      bans = all;
      faults = counted;
      timer ??= setTimeout(write, writeDelayMs).unref();
    },
    close() {
      if (timer) write();
    },
  };
}

interface Found {
  readonly bans: readonly Ban[];
  readonly faults: ReadonlyMap<string, Faults>;
}

function read(path: string, warn: Tell): Found {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // There is none yet.
    return { bans: [], faults: new Map() };
  }
  try {
    return foundIn(JSON.parse(text));
  } catch (error) {
    const aside = `${path}.broken`;
    warn('The list of banned addresses cannot be read, so it is begun anew; the old one is kept aside.', {
      path,
      aside,
      error: String(error),
    });
    renameSync(path, aside);
    return { bans: [], faults: new Map() };
  }
}

function foundIn(content: unknown): Found {
  const { blacks, ip_error_counter: counters } = content as { blacks?: unknown; ip_error_counter?: unknown }; // whatever it is, it is checked below
  if (!Array.isArray(blacks)) throw new Error('"blacks" is no list.');
  const since = Date.now();
  const bans = blacks.flatMap((text: unknown) => {
    const address = typeof text === 'string' ? plainAddress(text) : undefined;
    return address === undefined ? [] : [{ address, reason: 'black.json', since }];
  });
  return {
    bans,
    faults: new Map(Object.entries(counters ?? {}).filter((entry): entry is [string, Faults] => isFaults(entry[1]))),
  };
}

function isFaults(value: unknown): value is Faults {
  const { count, firstError, lastError } = (value ?? {}) as Partial<Record<keyof Faults, unknown>>; // any object may be looked into
  return [count, firstError, lastError].every((one) => typeof one === 'number');
}
