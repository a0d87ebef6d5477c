/**
 * Whose account is used concerns no caller. The vendors' forms, with what stays of them; each is long enough to be no word
 * of a message (`org-structure`).
 */
const forms: readonly (readonly [RegExp, string])[] = [
  // OpenAI; Groq and others write an underscore.
  [/\b(org[-_]|proj[-_])[A-Za-z0-9]{16,}/g, '$1***'],
  // Anthropic: "the rate limit for your organization (d59e5a9f-…)".
  [/(\borgani[sz]ation\b[^\n"{}]{0,40}?)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, '$1***'],
  // Google: "projects/123456789012", "project_number:123456789012", "in project 123456789012".
  [/(\bprojects?(?:\/|=|[ _]number[:= ]+|[: ]+))\d{6,}/gi, '$1***'],
  // AWS: the account within an ARN.
  [/(\barn:aws[\w-]*:[\w-]*:[\w-]*:)\d{12}\b/g, '$1***'],
];

/** The text of an error without the ids that vendors give to our organizations, projects and accounts. */
export function withoutVendorIds(text: string): string {
  return forms.reduce((rest, [form, instead]) => rest.replace(form, instead), text);
}
