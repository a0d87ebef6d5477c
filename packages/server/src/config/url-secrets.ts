/** What an address may hold that is nobody's business: its password, and what its query calls a key or a password. */

/** Every secret in it, as it stands there and as it is meant. */
export function secretsInUrl(url: string): readonly string[] {
  const password = /^[^:]*:(.*)$/s.exec(userInfoOf(url))?.[1] ?? '';
  const values = [...url.matchAll(secretMember)].map(([, , value = '']) => value);
  return [password, ...values].filter((text) => text !== '').flatMap((text) => [...new Set([text, decoded(text)])]);
}

/** The same address with its user and secrets left out. `hide` says what takes a query's place. */
export function withoutSecrets(url: string, hide: (secret: string) => string = () => '***'): string {
  const userInfo = userInfoOf(url);
  const bare = userInfo === '' ? url : url.replace(`://${userInfo}@`, '://***@');
  return bare.replace(secretMember, (_, name: string, value: string) => `${name}${hide(value)}`);
}

/** A password may hold a slash that nobody encoded, so that it is no URL; a URL may have an @ in its path. */
function userInfoOf(url: string): string {
  const before = URL.canParse(url) ? /:\/\/([^/?#]*)@/ : /:\/\/(.*)@/s;
  return before.exec(url)?.[1] ?? '';
}

const secretMember =
  /([?&](?:[\w.-]*pass(?:word|wd|phrase)?|pwd|[\w.-]*token|[\w.-]*secret|(?:[\w.-]*[_.-])?key|apikey|accesskey|auth|sig)=)([^&#\s]+)/gi;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text; // a percent sign stands alone
  }
}
