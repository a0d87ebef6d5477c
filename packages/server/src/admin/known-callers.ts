import { callerIdOf } from '../callers.ts';
import type { AccessKey } from '../config/config.ts';
import type { StoredAccessKey } from '../storage/access-keys.ts';
import type { User } from '../storage/users.ts';
import type { AdminPlace } from './place.ts';
import type { Principal } from './principal.ts';
import { isSame } from './secrets.ts';

/** The owner of an access key, of the file or of the storage; undefined: nobody's, or no longer good. */
export async function callerByKey(key: string, { storage, config }: AdminPlace): Promise<Principal | undefined> {
  const configured = config().accessKeys.find((one) => isSame(key, one.key));
  if (configured) return configuredPrincipal(configured);
  const stored = await storage.accessKeys.recognize(key);
  return stored && principalOf(stored.accessKey, stored.user);
}

/** The same caller later, when only the key's id is known: a session's. */
export async function callerById(keyId: string, { storage, config }: AdminPlace): Promise<Principal | undefined> {
  const configured = config().accessKeys.find((one) => callerIdOf(one.key) === keyId);
  if (configured) return configuredPrincipal(configured);
  const accessKey = await storage.accessKeys.find(keyId);
  const user = accessKey?.userId === undefined ? undefined : await storage.users.find(accessKey.userId);
  return accessKey && principalOf(accessKey, user);
}

function configuredPrincipal({ key, name }: AccessKey): Principal {
  const id = callerIdOf(key);
  return { role: 'normal', id, keyId: id, by: 'access-key', ...named(name) };
}

function principalOf(accessKey: StoredAccessKey, user: User | undefined): Principal | undefined {
  const { id, name, userId, expiresAt, revokedAt } = accessKey;
  const over = revokedAt !== undefined || (expiresAt !== undefined && expiresAt <= Date.now());
  if (over || user?.disabledAt !== undefined) return undefined;
  const role = accessKey.role ?? user?.role ?? 'normal';
  return {
    role,
    id,
    keyId: id,
    by: 'access-key',
    ...named(name ?? user?.name),
    ...(userId !== undefined && { userId }),
  };
}

function named(name: string | undefined): { readonly name?: string } {
  return name === undefined ? {} : { name };
}
