/** For people without a client: one form, and what comes of it. */
export function lookupForm(): string {
  return page(
    '<form method="post" action="/user/lookup">' +
      field('token', 'Your access key', 'password') +
      submit('Show') +
      '</form>',
  );
}

/** What a key has used and may use; the form for another name asks for the key again, since nothing remembers it. */
export function lookupPage(user: object, nicknames: boolean): string {
  const rows = Object.entries(user).map(
    ([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(shown(name, value))}</td></tr>`,
  );
  const form = nicknames
    ? '<form method="post" action="/user/edit-nickname">' +
      field('nickname', 'Another name', 'text') +
      field('token', 'Your access key', 'password') +
      submit('Rename') +
      '</form>'
    : '';
  return page(`<table>${rows.join('')}</table>${form}`);
}

function shown(name: string, value: unknown): string {
  if (typeof value === 'number' && name.endsWith('At')) return new Date(value).toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function page(content: string): string {
  const style =
    'body{font:16px system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}th{text-align:left;padding-right:2rem}';
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Use of an access key</title><style>${style}</style><h1>Use of an access key</h1>${content}</html>\n`;
}

function field(name: string, label: string, type: string): string {
  return `<p><label>${label}<br><input name="${name}" type="${type}" required autocomplete="off"></label></p>`;
}

function submit(label: string): string {
  return `<p><button>${label}</button></p>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
