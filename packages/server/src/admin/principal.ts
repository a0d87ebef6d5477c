import type { Role } from '../storage/rules.ts';

/** What may be done is said by this alone: see permissions.ts. */
export type PrincipalRole = Role | 'anonymous';

/** Who asks. */
export interface Principal {
  readonly role: PrincipalRole;
  /** As the audit log names them: `admin`, an access key's id; empty for nobody. */
  readonly id: string;
  readonly name?: string;
  /** The access key that was shown, or that a session began with. */
  readonly keyId?: string;
  readonly userId?: string;
  /** What was shown. `local`: nothing, on this machine, where no admin key is configured. */
  readonly by: 'admin-key' | 'access-key' | 'session' | 'local' | 'nothing';
  /** Of a session: what unsafe requests must bring beside the cookie. */
  readonly csrf?: string;
}

export const nobody: Principal = { role: 'anonymous', id: '', by: 'nothing' };
