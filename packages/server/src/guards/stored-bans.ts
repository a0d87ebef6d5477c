import { follow, type Following } from '../storage/follow.ts';
import type { Storage } from '../storage/storage.ts';
import type { BanStore } from './bans.ts';

/** Bans as the storage keeps them, where people may ban and lift as well, in this process or another. */
export function storedBans({ bans, changes }: Storage, complain: (error: unknown) => void): BanStore {
  let following: Following | undefined;
  return {
    async load(take) {
      const read = async () => take(await bans.list());
      await read();
      following = await follow(changes, { bans: () => void read().catch(complain) }, complain);
    },
    put: (ban) => void bans.put(ban).catch(complain),
    close: () => following?.stop(),
  };
}
