import type { AccessKey, UserConfig } from '../config/access-keys.ts';
import { callerIdOf, userIdOf } from '../callers.ts';
import type { Config } from '../config/config.ts';
import { mask } from '../mask.ts';
import { asRange, isWithin } from '../public-address.ts';
import type { Role } from '../storage/rules.ts';
import type { AdminPlace } from './place.ts';
import type { Principal } from './principal.ts';
import { isSame } from './secrets.ts';

/** The owner of an access key, of the file or of the storage; undefined: nobody's, or not good for this. */
export async function callerByKey(key: string, address: string, place: AdminPlace): Promise<Principal | undefined> {
  const { accessKeys, users } = place.config();
  const configured = accessKeys.find((one) => isSame(key, one.key));
  if (configured) return principalOf(fromFile(configured, users), address);
  const stored = await place.storage.accessKeys.recognize(key);
  return stored && principalOf({ ...stored.accessKey, ...(stored.user && { owner: stored.user }) }, address);
}

/** The same caller later, when only the key's id is known: a session's. */
export async function callerById(keyId: string, address: string, place: AdminPlace): Promise<Principal | undefined> {
  const { accessKeys, users } = place.config();
  const configured = accessKeys.find((one) => callerIdOf(one.key) === keyId);
  if (configured) return principalOf(fromFile(configured, users), address);
  const { storage } = place;
  const accessKey = await storage.accessKeys.find(keyId);
  const owner = accessKey?.userId === undefined ? undefined : await storage.users.find(accessKey.userId);
  return accessKey && principalOf({ ...accessKey, ...(owner && { owner }) }, address);
}

/** The access keys of the configuration file as the storage shows its own: the key itself masked. */
export function keysOfFile({ accessKeys }: Pick<Config, 'accessKeys'>) {
  return accessKeys.map(({ key, user, disabled: _disabled, ...rules }) => ({
    ...rules,
    id: callerIdOf(key),
    hint: mask(key),
    ...(user !== undefined && { userId: userIdOf(user) }),
  }));
}

/** What decides about a key, wherever it stands. */
interface KnownKey {
  readonly id: string;
  readonly name?: string;
  readonly role?: Role;
  readonly userId?: string;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  readonly disabled?: string;
  readonly addresses?: readonly string[];
  readonly owner?: {
    readonly name: string;
    readonly role?: Role;
    readonly disabled?: string;
    readonly disabledAt?: number;
  };
}

function fromFile({ key, user, ...rules }: AccessKey, users: readonly UserConfig[]): KnownKey {
  const owner = users.find(({ name }) => name === user);
  return { ...rules, id: callerIdOf(key), ...(owner && { owner }) };
}

function principalOf(known: KnownKey, address: string): Principal | undefined {
  const { id, userId, expiresAt, addresses, owner } = known;
  const off = [known.revokedAt, known.disabled, owner?.disabled, owner?.disabledAt].some((one) => one !== undefined);
  const over = expiresAt !== undefined && expiresAt <= Date.now();
  const elsewhere = addresses && !isWithin(address, addresses.map((one) => asRange(one) ?? one)); // prettier-ignore
  if (off || over || elsewhere) return undefined;
  const name = known.name ?? owner?.name;
  return {
    role: known.role ?? owner?.role ?? 'normal',
    id,
    keyId: id,
    by: 'access-key',
    ...(name !== undefined && { name }),
    ...(userId !== undefined && { userId }),
  };
}
