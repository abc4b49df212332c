/** What fits `pattern`, in which * means anything. */
export const matchesPattern = (pattern: string, text: string): boolean =>
  new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`, 's').test(text)

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
