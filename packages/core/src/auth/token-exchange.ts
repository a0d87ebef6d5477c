import { Failure } from '../conversation/failure.ts';
import { number, object, text } from '../json.ts';
import type { PostForm, Token } from './tokens.ts';

/** RFC 6749 §5.1 makes the lifetime optional. */
const usualLifetimeSeconds = 3600;

/** A token endpoint's answer as a token (RFC 6749 §5). @throws Failure in the endpoint's words, without what it was sent. */
export async function exchange(
  post: PostForm,
  place: string,
  url: string,
  form: Readonly<Record<string, string>>,
): Promise<Token> {
  const { status, body } = await post(url, form);
  const answer = object(body) ?? {};
  const value = text(answer.access_token);
  if (status < 400 && value !== undefined && value !== '')
    return { value, lifetimeSeconds: number(answer.expires_in) ?? usualLifetimeSeconds };
  const words = [text(answer.error), text(answer.error_description)].filter((word) => word !== undefined).join(': ');
  const secrets = Object.entries(form).flatMap(([name, sent]) => (openMembers.has(name) || sent === '' ? [] : [sent]));
  const why = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), words);
  const message = `${place} gave no access token (${status})${why === '' ? '.' : `: ${why}`}`;
  if (status === 429) throw new Failure('rate-limited', message);
  // §5.2: a client or a grant that is wrong is told with 400 as well as 401.
  if (status >= 400 && status < 500) throw new Failure('unauthenticated', message);
  throw new Failure('bad-upstream', message);
}

/** Of the form, what is no secret. */
const openMembers: ReadonlySet<string> = new Set(['grant_type', 'scope', 'client_id', 'client_assertion_type']);
